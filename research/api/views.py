"""Experiments, datasets, runs, fills and equity."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from common.api.etag import ETagDestroyMixin, ETagMixin, ETagUpdateMixin
from common.api.idempotency import idempotent
from research.api import filters, serializers
from research.models import Dataset, Experiment, Run
from research.selectors.facts import list_marks
from research.selectors.runs import list_experiments, list_fills, list_runs


class ExperimentViewSet(
    ETagUpdateMixin,
    ETagDestroyMixin,
    mixins.CreateModelMixin,
    viewsets.ReadOnlyModelViewSet[Experiment],
):
    """Questions; one that has runs cannot be removed."""

    queryset = list_experiments()
    serializer_class = serializers.ExperimentSerializer
    filterset_class = filters.ExperimentFilter

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask a question."""
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Note who asked."""
        serializer.save(created_by=self.request.user)


class DatasetViewSet(viewsets.ReadOnlyModelViewSet[Dataset]):
    """Stretches of series as runs used them."""

    queryset = Dataset.objects.select_related("series__instrument__venue")
    serializer_class = serializers.DatasetSerializer
    filterset_class = filters.DatasetFilter


class RunViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[Run]):
    """Runs with what they left."""

    queryset = list_runs().prefetch_related("artefacts")
    filterset_class = filters.RunFilter
    etag_field = "status"

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists."""
        if self.action == "list":
            return serializers.RunListSerializer
        return serializers.RunSerializer

    @extend_schema(responses=serializers.FillSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def fills(self, request: Request, pk: str | None = None) -> Response:  # noqa: ARG002
        """Return the executions, oldest first."""
        return Response(list_fills(self.get_object()))

    @extend_schema(responses=serializers.MarkSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def equity(self, request: Request, pk: str | None = None) -> Response:  # noqa: ARG002
        """Return the equity at the close of each bar, oldest first."""
        return Response(list_marks(self.get_object()))
