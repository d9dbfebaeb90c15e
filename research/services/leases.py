"""Who has a run or a job and until when: taken once, extended meanwhile, lost with its worker.

The database owns both. A message only says that there may be one to take: whoever changes
the row from QUEUED to RUNNING first has it, and everybody else finds nothing to do. Times are
those of the machines; their clocks must agree to a few seconds.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

from django.conf import settings
from django.db.models import F, QuerySet

from common.domain.enums import RunStatus
from research.exceptions import RunNotRunning
from research.models import Job, Run
from research.services.ledger import held
from research.services.owners import process_name

logger = logging.getLogger(__name__)
_ATTEMPTS: Final = 2

type Leased = Run | Job


def claim(*, run_id: int, at: datetime) -> Run | None:
    """Take a queued run for this process, or return None if it is not to be had any more."""
    taken = _claim(Run.objects.filter(pk=run_id), at)
    return (
        Run.objects.select_related("series__instrument__venue").get(pk=run_id) if taken else None
    )


def claim_job(*, job_id: int, at: datetime) -> Job | None:
    """Take a queued job likewise."""
    return Job.objects.get(pk=job_id) if _claim(Job.objects.filter(pk=job_id), at) else None


def _claim(rows: QuerySet[Any], at: datetime) -> int:
    # One statement: of two workers that read the row as QUEUED only one changes it.
    return rows.filter(status=RunStatus.QUEUED, cancel_requested_at__isnull=True).update(
        status=RunStatus.RUNNING,
        owner=process_name(),
        attempt=F("attempt") + 1,
        lease_until=_lease_end(at),
        started_at=at,
        progress=0.0,
    )


def extend(*, run: Leased, progress: float, at: datetime) -> None:
    """Keep a run or a job of this process for another while, and note how far it is.

    Raises
    ------
    RunNotRunning
        If it is not this process's any more.
    """
    until = _lease_end(at)
    if not held(run).update(lease_until=until, progress=progress):
        raise RunNotRunning(f"{run} is not of this worker any more", run=run.pk)
    run.lease_until = until


def is_cancel_requested(*, run: Leased) -> bool:
    """Tell whether somebody asked to end the run.

    Raises
    ------
    RunNotRunning
        If it is not this process's any more.
    """
    asked = held(run).values_list("cancel_requested_at", flat=True)
    for moment in asked:
        return moment is not None
    raise RunNotRunning(f"{run} is not of this worker any more", run=run.pk)


def release(*, run: Leased) -> bool:
    """Put a run back whose worker ends in an orderly way; it counts as not begun."""
    return _queue_again(run, attempt=run.attempt - 1)


def lose(*, run: Leased, detail: str, at: datetime) -> bool:
    """Put a run back that lost its worker or its process, or fail it the second time.

    Return whether it waits in the queue again; also False if somebody else saw to it.
    """
    if run.cancel_requested_at is not None:
        _finish(run, RunStatus.CANCELED, code="canceled", detail=f"canceled; {detail}", at=at)
        return False
    if run.attempt < _ATTEMPTS:
        return _queue_again(run, attempt=run.attempt)
    detail = f"{detail}, for the second time"
    _finish(run, RunStatus.FAILED, code="worker_lost", detail=detail, at=at)
    return False


def lose_expired(*, at: datetime) -> list[int]:
    """See to every run whose worker did not extend its lease; return those that wait again."""
    waiting = []
    for run in chain(_expired(Run.objects.all(), at), _expired(Job.objects.all(), at)):
        detail = f"the worker {run.owner} did not answer until {run.lease_until:%H:%M:%S} UTC"
        logger.warning("%s: %s", run, detail)
        if lose(run=run, detail=detail, at=at):
            waiting.append(run.pk)
    return waiting


def _expired(rows: QuerySet[Any], at: datetime) -> Iterator[Leased]:
    yield from rows.filter(status=RunStatus.RUNNING, lease_until__lt=at)


def _lease_end(at: datetime) -> datetime:
    return at + timedelta(seconds=settings.PLATFORM.compute.lease_seconds)


def _queue_again(run: Leased, *, attempt: int) -> bool:
    # Only as it was seen: a worker that was late and has just extended its lease keeps it.
    seen = held(run).filter(lease_until=run.lease_until)
    return bool(
        seen.update(
            status=RunStatus.QUEUED,
            owner="",
            attempt=attempt,
            lease_until=None,
            started_at=None,
            progress=0.0,
        )
    )


def _finish(run: Leased, status: RunStatus, *, code: str, detail: str, at: datetime) -> None:
    held(run).filter(lease_until=run.lease_until).update(
        status=status, error_code=code, error_detail=detail, lease_until=None, finished_at=at
    )
