"""Comparisons of engines."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.serializers import BaseSerializer

from common.api.etag import ETagMixin
from research.api.comparison_filters import ComparisonFilter
from research.api.comparison_serializers import ComparisonListSerializer, ComparisonSerializer
from research.api.job_requests import ComparisonRequestSerializer
from research.api.jobs import JobSerializer, QueuedMixin
from research.models import Comparison, Job
from research.selectors.comparisons import list_comparisons
from research.services import job_queue


@extend_schema_view(
    create=extend_schema(request=ComparisonRequestSerializer, responses={202: JobSerializer})
)
class ComparisonViewSet(
    QueuedMixin[ComparisonRequestSerializer], ETagMixin, viewsets.ReadOnlyModelViewSet[Comparison]
):
    """Comparisons of engines, with what they differ by and the fidelity ladder."""

    queryset = list_comparisons()
    filterset_class = ComparisonFilter
    lookup_value_converter = "int"
    # A row is never changed.
    etag_field = "created_at"

    request_serializer = ComparisonRequestSerializer
    required_permissions = {"create": ("research.add_job",)}

    def get_queryset(self) -> QuerySet[Comparison]:
        """Leave the documents out of lists: each may hold thousands of differences."""
        rows = super().get_queryset()
        return rows.defer("document") if self.action == "list" else rows

    def enqueue(self, asked: ComparisonRequestSerializer, user_id: int | None) -> Job:
        """Put what is asked into the queue."""
        return job_queue.enqueue_comparison(asked=asked.comparison_question(), user_id=user_id)

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists, and what is sent to have one."""
        if self.action == "create":
            return ComparisonRequestSerializer
        if self.action == "list":
            return ComparisonListSerializer
        return ComparisonSerializer
