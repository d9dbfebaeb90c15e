"""Sweeps, their trials and surfaces."""

from typing import Any, Final, cast

from django.db.models import Model
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from common.api.content_etag import ContentETagMixin
from common.api.idempotency import idempotent
from common.api.rows import next_link
from common.domain.clock import SystemClock
from research.api.sweep_filters import SweepFilter
from research.api.sweep_requests import SweepRequestSerializer
from research.api.sweep_serializers import (
    SurfaceQuerySerializer,
    SurfaceSerializer,
    SweepListSerializer,
    SweepSerializer,
    TrialQuerySerializer,
    TrialsSerializer,
)
from research.models import Sweep
from research.selectors.sweep_surfaces import (
    describe_surface,
    describe_trial,
    list_trials,
    read_surface,
)
from research.selectors.sweeps import list_sweeps
from research.services import sweep_queue

_CHANGED: Final = {200: SweepSerializer, 202: SweepSerializer}
_VIEWERS: Final = ("research.view_sweep", "research.view_trial")


class SweepViewSet(ContentETagMixin, viewsets.ReadOnlyModelViewSet[Sweep]):
    """Sweeps of parameter grids with what each set came to."""

    queryset = list_sweeps()
    filterset_class = SweepFilter
    lookup_value_converter = "int"
    # Grows with every chunk of trials that is written.
    etag_field = "progress"
    describing_actions = frozenset({"create", "pause", "resume", "cancel"})
    # Who may begin a sweep may also stop one.
    required_permissions = {
        **dict.fromkeys(("retrieve", "trials", "surface"), _VIEWERS),
        **dict.fromkeys(("pause", "resume", "cancel"), ("research.add_sweep",)),
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists, and what is sent to have a sweep."""
        if self.action == "list":
            return SweepListSerializer
        return SweepRequestSerializer if self.action == "create" else SweepSerializer

    def describe(self, instance: Model) -> Any:
        """Return a sweep as its own page shows it."""
        return SweepSerializer(cast("Sweep", instance)).data

    @extend_schema(request=SweepRequestSerializer, responses={202: SweepSerializer})
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Put a sweep into the queue; its address tells how far it is."""
        asked = SweepRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        sweep = sweep_queue.enqueue_sweep(question=asked.sweep_question(), user_id=request.user.pk)
        address = reverse("sweep-detail", args=[sweep.pk], request=request)
        return self._answer(sweep, headers={"Location": address})

    @extend_schema(request=None, responses=_CHANGED)
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    @idempotent
    def pause(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Let no further chunk begin."""
        sweep: Sweep = self.get_object()
        return self._answer(sweep_queue.pause_sweep(sweep_id=sweep.pk, at=SystemClock().now()))

    @extend_schema(request=None, responses=_CHANGED)
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    @idempotent
    def resume(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Let a paused sweep go on."""
        sweep: Sweep = self.get_object()
        return self._answer(sweep_queue.resume_sweep(sweep_id=sweep.pk))

    @extend_schema(request=None, responses=_CHANGED)
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    @idempotent
    def cancel(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """End a sweep; its trials so far are kept."""
        sweep: Sweep = self.get_object()
        return self._answer(sweep_queue.cancel_sweep(sweep_id=sweep.pk, at=SystemClock().now()))

    def _answer(self, sweep: Sweep, *, headers: dict[str, str] | None = None) -> Response:
        self.tag(sweep)
        is_final = sweep.finished_at is not None
        return Response(self.describe(sweep), status=200 if is_final else 202, headers=headers)

    @extend_schema(parameters=[TrialQuerySerializer], responses=TrialsSerializer, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def trials(self, request: Request, pk: int | None = None) -> Response:  # noqa: ARG002
        """Return trials by their place on the grid, or by what ranks them."""
        sweep: Sweep = self.get_object()
        wanted = TrialQuerySerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        asked: dict[str, Any] = wanted.validated_data
        offset, limit = asked["offset"], asked["limit"]
        found = list_trials(sweep, ordering=asked["ordering"], ranked=asked["ranked"])
        count = found.count()
        # Nothing is read beyond the last row.
        page = list(found[offset : offset + limit]) if offset < count else []
        after, before = offset + len(page), max(0, offset - limit)
        return Response({
            "count": count,
            "next": next_link(request, "offset", after) if page and after < count else None,
            "previous": next_link(request, "offset", before) if offset else None,
            "results": [describe_trial(trial) for trial in page],
        })

    @extend_schema(parameters=[SurfaceQuerySerializer], responses=SurfaceSerializer, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def surface(self, request: Request, pk: int | None = None) -> Response:  # noqa: ARG002
        """Return a metric over two parameters of the grid."""
        sweep: Sweep = self.get_object()
        wanted = SurfaceQuerySerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        asked: dict[str, Any] = {"metric": sweep.objective, **wanted.validated_data}
        return Response(describe_surface(sweep, read_surface(sweep, **asked)))
