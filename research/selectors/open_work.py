"""What waits for a worker or is being done: runs, sweeps and jobs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from common.domain.enums import RunStatus
from research.models import Job, Run, Sweep
from research.selectors.jobs import asked_words, list_jobs
from research.selectors.runs import list_runs
from research.selectors.sweeps import list_sweeps

_OPEN = (RunStatus.RUNNING, RunStatus.QUEUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """One run, sweep or job that has not ended.

    Parameters
    ----------
    model, number
        Which it is.
    of
        What it is about, in words.
    status
        Its state, in words.
    progress
        Fraction done.
    """

    model: str
    number: int
    of: str
    status: str
    progress: float


def open_runs(most: int) -> list[OpenWork]:
    """Return the runs that have not ended: those under way, then those that wait longest."""
    return [
        _work("run", run, of=f"{run.strategy_version.strategy.key} on {run.series}")
        for run in _first(list_runs(), most)
    ]


def open_sweeps(most: int) -> list[OpenWork]:
    """Return the sweeps likewise."""
    return [
        _work("sweep", sweep, of=f"{sweep.n_sets:,} sets of {sweep.strategy_version.strategy.key}")
        for sweep in _first(list_sweeps(), most)
    ]


def open_jobs(most: int) -> list[OpenWork]:
    """Return the jobs likewise."""
    return [
        _work("job", job, of=f"{job.kind.lower()} of {asked_words(job)}")
        for job in _first(list_jobs(), most)
    ]


def _first(rows: QuerySet[Any], most: int) -> Iterable[Any]:
    # RUNNING comes after QUEUED in the alphabet.
    return rows.filter(status__in=_OPEN).order_by("-status", "pk")[:most]


def _work(model: str, row: Run | Sweep | Job, *, of: str) -> OpenWork:
    is_paused = isinstance(row, Sweep) and row.paused_at is not None
    return OpenWork(
        model=model,
        number=row.pk,
        of=of,
        status=f"{row.status}, paused" if is_paused else str(row.status),
        progress=row.progress,
    )
