"""Long work of the workers: watched, ended, and asked for by what it makes."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from common.api.content_etag import ContentETagMixin
from common.api.idempotency import idempotent
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from research.api.job_filters import JobFilter
from research.models import Job
from research.selectors.jobs import describe_job, list_jobs
from research.services import job_queue


class JobSerializer(serializers.Serializer[Job]):
    """A job: how far it is, and what it came to."""

    job_id = serializers.IntegerField()
    kind = serializers.ChoiceField([kind.value for kind in Job.Kind])
    status = serializers.ChoiceField([status.value for status in RunStatus])
    progress = serializers.FloatField(help_text="Fraction done of the present step, in [0, 1]")
    step = serializers.CharField(help_text="What is being done, or was done last")
    attempt = serializers.IntegerField(help_text="How often it was begun")
    cancel_requested = serializers.BooleanField()
    question = serializers.DictField(help_text="As it is kept")
    comparison_id = serializers.IntegerField(allow_null=True)
    validation_id = serializers.IntegerField(allow_null=True)
    examination_id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(help_text="Of its error; empty if there is none")
    detail = serializers.CharField()
    created_at = serializers.CharField()
    started_at = serializers.CharField(allow_null=True)
    finished_at = serializers.CharField(allow_null=True)

    def to_representation(self, instance: Job) -> dict[str, Any]:
        """Return the job's document."""
        return describe_job(instance)


class JobViewSet(ContentETagMixin, viewsets.ReadOnlyModelViewSet[Job]):
    """Comparisons, verdicts and examinations as they were asked of the workers."""

    queryset = list_jobs()
    serializer_class = JobSerializer
    filterset_class = JobFilter
    lookup_value_converter = "int"
    etag_field = "status"
    describing_actions = frozenset({"cancel"})
    required_permissions = {"cancel": ("research.add_job",)}

    @extend_schema(request=None, responses={200: JobSerializer, 202: JobSerializer})
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    @idempotent
    def cancel(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """End a job: 200 if it has ended, 202 while its worker ends it."""
        job = job_queue.cancel_job(job_id=self.get_object().pk, at=SystemClock().now())
        self.tag(job)
        is_final = job.finished_at is not None
        return Response(describe_job(job), status=200 if is_final else 202)


class QueuedMixin[Asked: BaseSerializer[Any]]:
    """A viewset of results that takes questions for the queue.

    Attributes
    ----------
    request_serializer
        Reads what is asked.
    """

    request_serializer: ClassVar[type[BaseSerializer[Any]]]

    def enqueue(self, asked: Asked, user_id: int | None) -> Job:
        """Put what is asked into the queue.

        Raises
        ------
        NotImplementedError
            Here: each viewset has its own way.
        """
        raise NotImplementedError

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Put a question into the queue; the address of the job tells how far it is."""
        asked: Any = self.request_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = self.enqueue(asked, request.user.pk)
        address = reverse("job-detail", args=[job.pk], request=request)
        return Response(describe_job(job), status=202, headers={"Location": address})
