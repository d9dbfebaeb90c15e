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


def asked_words(job: Job) -> str:
    """Return what a job is asked of: a strategy with its bars, or a run or a sweep."""
    asked = job.question
    if job.kind == Job.Kind.EXAMINATION:
        subject = f"run {asked['run']}" if asked["run"] else f"sweep {asked['sweep']}"
        return f"{subject} by {asked['tool']}"
    question = (asked["sweep"] if job.kind == Job.Kind.VALIDATION else asked)["question"]
    bars = f"{question['instrument']}.{question['venue']} {question['timeframe']}"
    return f"{question['strategy']} on {bars}"


def made_by(job: Job) -> tuple[str, int] | None:
    """Return what a job made, as the name of its model and its number."""
    for name in ("comparison", "validation", "examination"):
        number: int | None = getattr(job, f"{name}_id")
        if number is not None:
            return name, number
    return None


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
