"""Jobs: one by number, and a job as a document."""

from typing import Any

from django.db.models import QuerySet

from common.domain.time import format_utc, to_ns
from research.exceptions import UnknownJob
from research.models import Job


def list_jobs() -> QuerySet[Job]:
    """Return all jobs."""
    return Job.objects.select_related("created_by")


def get_job(number: int) -> Job:
    """Return a job.

    Raises
    ------
    UnknownJob
        If there is none of that number.
    """
    job = list_jobs().filter(pk=number).first()
    if job is None:
        raise UnknownJob(f"no job {number}", job=number)
    return job


def describe_job(job: Job) -> dict[str, Any]:
    """Return a job as the document that commands and the API show."""
    times = {
        name: None if (moment := getattr(job, name)) is None else format_utc(to_ns(moment))
        for name in ("created_at", "started_at", "finished_at")
    }
    return {
        "job_id": job.pk,
        "kind": job.kind,
        "status": job.status,
        "progress": job.progress,
        "step": job.step,
        "attempt": job.attempt,
        "cancel_requested": job.cancel_requested_at is not None,
        "question": job.question,
        "comparison_id": job.comparison_id,
        "validation_id": job.validation_id,
        "examination_id": job.examination_id,
        "code": job.error_code,
        "detail": job.error_detail,
        **times,
    }
