"""Long work that waits for a worker and is more than one run."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from common.domain.enums import RunStatus
from research.models.comparisons import Comparison
from research.models.examinations import Examination
from research.models.ledger import FINAL_STATES
from research.models.validations import Validation


class Job(models.Model):
    """A comparison, a validation or an examination as it is asked of the workers.

    What it comes to is a row of its own, written once. A job in a final state is never
    changed or removed again; the database refuses it.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        COMPARISON = "COMPARISON"
        VALIDATION = "VALIDATION"
        EXAMINATION = "EXAMINATION"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    question = models.JSONField(help_text="As it was asked")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    comparison = models.ForeignKey(
        Comparison, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )
    validation = models.ForeignKey(
        Validation, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )
    examination = models.ForeignKey(
        Examination, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs"
    )

    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in RunStatus]
    )
    owner = models.CharField(max_length=120, blank=True, help_text="The process that does it")
    attempt = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was begun; one whose worker is lost begins anew once"
    )
    lease_until = models.DateTimeField(
        null=True, help_text="Until when its worker has it, which extends this"
    )
    progress = models.FloatField(default=0.0, help_text="Fraction done")
    step = models.CharField(max_length=120, blank=True, help_text="What is being done")
    cancel_requested_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["status"], name="research_job_status"),
            models.Index(fields=["-created_at", "-id"], name="research_job_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in RunStatus]),
                name="research_job_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL_STATES, finished_at__isnull=False)
                | (~Q(status__in=FINAL_STATES) & Q(finished_at__isnull=True)),
                name="research_job_final_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(status=RunStatus.SUCCEEDED)
                | Q(comparison__isnull=False)
                | Q(validation__isnull=False)
                | Q(examination__isnull=False),
                name="research_job_success_has_a_result",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[RunStatus.FAILED, RunStatus.REFUSED])
                | Q(error_code__gt=""),
                name="research_job_failure_has_an_error",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True) | Q(status=RunStatus.RUNNING),
                name="research_job_lease_while_running",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk}"
