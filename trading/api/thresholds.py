"""Thresholds of the gates, and requests to loosen them."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.actor import actor
from common.api.etag import ETagMixin
from common.api.idempotency import idempotent
from common.domain.clock import SystemClock
from trading.api.promotion_filters import ThresholdRequestFilter
from trading.api.promotion_serializers import ReasonSerializer, RemarkSerializer
from trading.api.threshold_serializers import (
    ThresholdChangedSerializer,
    ThresholdChangeSerializer,
    ThresholdDetailSerializer,
    ThresholdRequestSerializer,
    ThresholdSerializer,
    ThresholdsSerializer,
)
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import (
    InForce,
    get_threshold_request,
    list_threshold_requests,
    threshold_in_force,
    thresholds_in_force,
)
from trading.services import thresholds

_SET: Final = ("trading.add_gatethreshold",)
_KEY: Final = OpenApiParameter("key", str, OpenApiParameter.PATH, description="Its name")


@extend_schema_view(
    retrieve=extend_schema(parameters=[_KEY]), change=extend_schema(parameters=[_KEY])
)
class ThresholdViewSet(ETagMixin, viewsets.GenericViewSet[GateThreshold]):
    """What is asked of strategies: every threshold, whether it was ever set or not."""

    queryset = GateThreshold.objects.all()
    serializer_class = ThresholdDetailSerializer
    lookup_field = "key"
    lookup_value_converter = "slug"
    etag_field = "sequence"
    if_match_required = True
    pagination_class = None

    def get_object(self) -> InForce:
        """Return a threshold as it holds, under If-Match where it is to change."""
        found = threshold_in_force(self.kwargs["key"])
        # What was never set has no row, and the same tag as long as that is so.
        row = found.row or GateThreshold(key=found.rule.key, sequence=0)
        if self._is_change():
            self._check_if_match(row)
        self.tag(row)
        return found

    @extend_schema(responses=ThresholdsSerializer, filters=False)
    def list(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return every threshold, with how it is and how it would be by default."""
        rows = [ThresholdSerializer(each).data for each in thresholds_in_force().values()]
        return Response({"thresholds": rows})

    def retrieve(self, request: Request, key: str) -> Response:  # noqa: ARG002
        """Return a threshold with what it was set to."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=ThresholdChangeSerializer,
        responses={200: ThresholdChangedSerializer, 202: ThresholdChangedSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        serializer_class=ThresholdChangeSerializer,
    )
    @idempotent
    def change(self, request: Request, key: str) -> Response:
        """Set it: 200 if that asks more, 202 if it asks less, which waits for a second look."""
        self.get_object()
        asked = ThresholdChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = thresholds.change(
            key=key, user=actor(request), at=SystemClock().now(), **asked.validated_data
        )
        waits = made if isinstance(made, ThresholdRequest) else None
        self.tag(threshold_in_force(key).row or GateThreshold(key=key, sequence=0))
        shown = {
            "threshold": ThresholdSerializer(threshold_in_force(key)).data,
            "request": None if waits is None else ThresholdRequestSerializer(waits).data,
        }
        return Response(shown, status=200 if waits is None else 202)


class ThresholdRequestViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[ThresholdRequest]):
    """Requests to ask less; who has asked may confirm ten minutes later, another one at once."""

    queryset = list_threshold_requests()
    serializer_class = ThresholdRequestSerializer
    filterset_class = ThresholdRequestFilter
    lookup_value_converter = "int"
    if_match_required = True
    required_permissions = {"confirm": _SET, "decline": _SET}

    @extend_schema(request=RemarkSerializer, responses=ThresholdRequestSerializer)
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        pagination_class=None,
        serializer_class=RemarkSerializer,
    )
    @idempotent
    def confirm(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Ask less, as was requested."""
        asked_for: ThresholdRequest = self.get_object()
        said = RemarkSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        thresholds.confirm(
            request_id=asked_for.pk,
            user=actor(request),
            at=SystemClock().now(),
            **said.validated_data,
        )
        return self._answer(asked_for.pk)

    @extend_schema(request=ReasonSerializer, responses=ThresholdRequestSerializer)
    @action(
        detail=True,
        methods=["post"],
        filter_backends=[],
        pagination_class=None,
        serializer_class=ReasonSerializer,
    )
    @idempotent
    def decline(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Leave it as it is, or withdraw one's own request."""
        asked_for: ThresholdRequest = self.get_object()
        said = ReasonSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        thresholds.decline(
            request_id=asked_for.pk,
            user=actor(request),
            at=SystemClock().now(),
            **said.validated_data,
        )
        return self._answer(asked_for.pk)

    def _answer(self, number: int) -> Response:
        decided = get_threshold_request(number)
        self.tag(decided)
        return Response(ThresholdRequestSerializer(decided).data)
