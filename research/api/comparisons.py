"""Comparisons of engines."""

from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.serializers import BaseSerializer

from common.api.etag import ETagMixin
from research.api.comparison_filters import ComparisonFilter
from research.api.comparison_serializers import ComparisonListSerializer, ComparisonSerializer
from research.models import Comparison
from research.selectors.comparisons import list_comparisons


class ComparisonViewSet(ETagMixin, viewsets.ReadOnlyModelViewSet[Comparison]):
    """Comparisons of engines, with what they differ by and the fidelity ladder."""

    queryset = list_comparisons()
    filterset_class = ComparisonFilter
    lookup_value_converter = "int"
    # A row is never changed.
    etag_field = "created_at"

    def get_queryset(self) -> QuerySet[Comparison]:
        """Leave the documents out of lists: each may hold thousands of differences."""
        rows = super().get_queryset()
        return rows.defer("document") if self.action == "list" else rows

    def get_serializer_class(self) -> type[BaseSerializer[Comparison]]:
        """Return a short form for lists."""
        if self.action == "list":
            return ComparisonListSerializer
        return ComparisonSerializer
