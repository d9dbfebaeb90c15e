"""Validations."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from common.api.content_etag import ContentETagMixin
from research.api.job_requests import ValidationRequestSerializer
from research.api.jobs import JobSerializer, QueuedMixin
from research.api.validation_filters import ValidationFilter
from research.api.validation_serializers import (
    FiguresSerializer,
    ValidationListSerializer,
    ValidationSerializer,
)
from research.models import Job, Validation
from research.selectors.validations import list_validations
from research.services import job_queue


@extend_schema_view(
    create=extend_schema(request=ValidationRequestSerializer, responses={202: JobSerializer})
)
class ValidationViewSet(
    QueuedMixin[ValidationRequestSerializer],
    ContentETagMixin,
    viewsets.ReadOnlyModelViewSet[Validation],
):
    """Verdicts on strategies: every gate, and what it was found from."""

    queryset = list_validations()
    filterset_class = ValidationFilter
    lookup_value_converter = "int"
    # A row is never changed.
    etag_field = "created_at"

    request_serializer = ValidationRequestSerializer
    required_permissions = {"create": ("research.add_job",)}

    def get_queryset(self) -> QuerySet[Validation]:
        """Leave out of lists what charts are drawn from: it has a number for every day."""
        rows = super().get_queryset()
        return rows.defer("figures", "question") if self.action == "list" else rows

    def enqueue(self, asked: ValidationRequestSerializer, user_id: int | None) -> Job:
        """Put what is asked into the queue."""
        return job_queue.enqueue_validation(asked=asked.validation_question(), user_id=user_id)

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists, and what is sent to have one."""
        if self.action == "create":
            return ValidationRequestSerializer
        return ValidationListSerializer if self.action == "list" else ValidationSerializer

    @extend_schema(responses=FiguresSerializer, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def figures(self, request: Request, pk: int | None = None) -> Response:  # noqa: ARG002
        """Return what the charts of a verdict are drawn from."""
        validation: Validation = self.get_object()
        return Response(validation.figures)
