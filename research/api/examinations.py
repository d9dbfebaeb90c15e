"""Examinations, and the tools that make them."""

from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from common.api.etag import ETagMixin
from research.api.examination_filters import ExaminationFilter
from research.api.examination_serializers import (
    ExaminationListSerializer,
    ExaminationSerializer,
    ToolsSerializer,
)
from research.api.job_requests import ExaminationRequestSerializer
from research.api.jobs import JobSerializer, QueuedMixin
from research.examination.registry import list_tools
from research.models import Examination, Job
from research.selectors.examinations import list_examinations
from research.services import job_queue

_VIEWERS: Final = ("research.view_examination",)


@extend_schema_view(
    create=extend_schema(request=ExaminationRequestSerializer, responses={202: JobSerializer})
)
class ExaminationViewSet(
    QueuedMixin[ExaminationRequestSerializer],
    ETagMixin,
    viewsets.ReadOnlyModelViewSet[Examination],
):
    """What single tools of validation found about runs and sweeps."""

    queryset = list_examinations()
    filterset_class = ExaminationFilter
    lookup_value_converter = "int"
    # A row is never changed.
    etag_field = "created_at"

    request_serializer = ExaminationRequestSerializer
    required_permissions = {"create": ("research.add_job",)}

    def get_queryset(self) -> QuerySet[Examination]:
        """Leave what charts are drawn from out of lists."""
        rows = super().get_queryset()
        return rows.defer("figures", "values") if self.action == "list" else rows

    def enqueue(self, asked: ExaminationRequestSerializer, user_id: int | None) -> Job:
        """Put what is asked into the queue."""
        return job_queue.enqueue_examination(
            subject=asked.subject(), question=asked.examination_question(), user_id=user_id
        )

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """Return a short form for lists, and what is sent to have one."""
        if self.action == "create":
            return ExaminationRequestSerializer
        return ExaminationListSerializer if self.action == "list" else ExaminationSerializer


class ToolViewSet(viewsets.ViewSet):
    """The tools of validation, as `list_tools` lists them."""

    # Of the other methods a viewer learns that there are none.
    required_permissions = dict.fromkeys(
        ("list", "metadata", "post", "put", "patch", "delete"), _VIEWERS
    )

    @extend_schema(responses=ToolsSerializer)
    def list(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return every tool, what it answers, and what it can be told."""
        return Response({"tools": [tool.describe() for tool in list_tools()]})
