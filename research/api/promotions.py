"""Asking for the promotion of what a verdict is on."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from common.api.actor import actor
from common.api.idempotency import idempotent
from common.domain.clock import SystemClock
from research.models import Validation
from research.selectors.validations import list_validations
from research.services.promotions import request_promotion
from trading.domain.confirmations import LONGEST_REASON, RequestState
from trading.domain.stages import Stage


class PromotionQuerySerializer(serializers.Serializer[None]):
    """Where to, and why."""

    to_stage = serializers.ChoiceField(
        [stage.value for stage in Stage], default=Stage.CANDIDATE.value
    )
    reason = serializers.CharField(max_length=LONGEST_REASON)


class RequestedPromotionSerializer(serializers.Serializer[Any]):
    """A request as it was made; its address has all of it."""

    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField([state.value for state in RequestState])
    from_stage = serializers.ChoiceField([stage.value for stage in Stage])
    to_stage = serializers.ChoiceField([stage.value for stage in Stage])
    config_hash = serializers.CharField(help_text="Of source, parameters and setting")
    requested_at = serializers.DateTimeField()


class ValidationPromotionViewSet(viewsets.GenericViewSet[Validation]):
    """A verdict, as far as it is asked to promote."""

    queryset = list_validations().select_related(
        "sweep", "neighbours", "run", "doubled_run", "comparison"
    )
    serializer_class = RequestedPromotionSerializer
    lookup_value_converter = "int"
    required_permissions = {
        "promote": ("research.view_validation", "trading.add_promotionrequest")
    }

    @extend_schema(request=PromotionQuerySerializer, responses={201: RequestedPromotionSerializer})
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        pagination_class=None,
        serializer_class=PromotionQuerySerializer,
    )
    @idempotent
    def promote(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Ask for the promotion of what was judged; somebody else approves it."""
        asked = PromotionQuerySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = request_promotion(
            validation=self.get_object(),
            to_stage=Stage(asked.validated_data["to_stage"]),
            user=actor(request),
            reason=asked.validated_data["reason"],
            at=SystemClock().now(),
        )
        address = reverse("promotionrequest-detail", args=[made.pk], request=request)
        shown = RequestedPromotionSerializer(made).data
        return Response(shown, status=201, headers={"Location": address})
