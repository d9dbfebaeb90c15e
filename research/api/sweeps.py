"""Sweeps, their trials and surfaces."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from common.api.content_etag import ContentETagMixin
from common.api.rows import next_link
from research.api.sweep_filters import SweepFilter
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

_VIEWERS: Final = ("research.view_sweep", "research.view_trial")


class SweepViewSet(ContentETagMixin, viewsets.ReadOnlyModelViewSet[Sweep]):
    """Sweeps of parameter grids with what each set came to."""

    queryset = list_sweeps()
    filterset_class = SweepFilter
    lookup_value_converter = "int"
    # Grows with every chunk of trials that is written.
    etag_field = "progress"
    required_permissions = dict.fromkeys(("retrieve", "trials", "surface"), _VIEWERS)

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists."""
        return SweepListSerializer if self.action == "list" else SweepSerializer

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
