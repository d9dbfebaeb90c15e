"""Promotions and the requests for them."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from common.api.actor import actor
from common.api.etag import ETagMixin
from common.api.idempotency import idempotent
from common.domain.clock import SystemClock
from trading.api.promotion_filters import PromotionFilter, PromotionRequestFilter
from trading.api.promotion_serializers import (
    DemotionSerializer,
    PromotionRequestSerializer,
    PromotionSerializer,
    ReasonSerializer,
    RemarkSerializer,
)
from trading.domain.stages import Stage
from trading.models import Promotion, PromotionRequest
from trading.selectors.promotions import (
    get_promotion_request,
    list_promotion_requests,
    list_promotions,
)
from trading.services import promotions

_DECIDE: Final = ("trading.add_promotion",)


class PromotionViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[Promotion]):
    """Steps that were taken, up or down; the last one of a configuration says its stage."""

    queryset = list_promotions()
    serializer_class = PromotionSerializer
    filterset_class = PromotionFilter
    lookup_value_converter = "int"
    # A row is never changed.
    etag_field = "created_at"
    required_permissions = {"demote": _DECIDE}

    @extend_schema(request=DemotionSerializer, responses={201: PromotionSerializer})
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        pagination_class=None,
        serializer_class=DemotionSerializer,
    )
    @idempotent
    def demote(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Take a step down from where this one led."""
        last: Promotion = self.get_object()
        asked = _read(DemotionSerializer, request)
        taken = promotions.demote(
            promotion_id=last.pk,
            to_stage=Stage(asked["to_stage"]),
            user=actor(request),
            reason=asked["reason"],
            at=SystemClock().now(),
        )
        self.tag(taken)
        address = reverse("promotion-detail", args=[taken.pk], request=request)
        shown = PromotionSerializer(taken).data
        return Response(shown, status=201, headers={"Location": address})


class PromotionRequestViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[PromotionRequest]):
    """Requests for steps; who has asked may decide ten minutes later, another one at once."""

    queryset = list_promotion_requests().select_related("promotion")
    serializer_class = PromotionRequestSerializer
    filterset_class = PromotionRequestFilter
    lookup_value_converter = "int"
    # Who asked may withdraw: the service tells whether it is he.
    required_permissions = {
        "approve": _DECIDE,
        "decline": ("trading.view_promotionrequest",),
    }

    @extend_schema(request=RemarkSerializer, responses=PromotionRequestSerializer)
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        pagination_class=None,
        serializer_class=RemarkSerializer,
    )
    @idempotent
    def approve(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Take the step, if the evidence still admits it."""
        asked_for: PromotionRequest = self.get_object()
        remark = _read(RemarkSerializer, request)["reason"]
        promotions.approve(
            request_id=asked_for.pk, user=actor(request), at=SystemClock().now(), reason=remark
        )
        return self._answer(asked_for.pk)

    @extend_schema(request=ReasonSerializer, responses=PromotionRequestSerializer)
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        pagination_class=None,
        serializer_class=ReasonSerializer,
    )
    @idempotent
    def decline(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Refuse the step, or withdraw one's own request."""
        asked_for: PromotionRequest = self.get_object()
        reason = _read(ReasonSerializer, request)["reason"]
        promotions.decline(
            request_id=asked_for.pk, user=actor(request), at=SystemClock().now(), reason=reason
        )
        return self._answer(asked_for.pk)

    def _answer(self, number: int) -> Response:
        decided = get_promotion_request(number)
        self.tag(decided)
        return Response(PromotionRequestSerializer(decided).data)


def _read(kind: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    asked = kind(data=request.data)
    asked.is_valid(raise_exception=True)
    values: dict[str, Any] = asked.validated_data
    return values
