"""What lost workers and lost messages leave: given back, ended, or announced again."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from common.domain.enums import RunStatus
from research.compute.exceptions import WorkerLost
from research.models import Job, Run, Sweep, SweepChunk
from research.services import leases, sweep_chunks, sweep_results
from research.services.ledger import fail_lost_runs
from research.services.messages import (
    DO_JOB,
    EXECUTE_RUN,
    WORK_ON_SWEEP,
    count_waiting,
    tell,
)


def recover(*, at: datetime) -> int:
    """See to what lost workers and terminals had, and announce what nobody was told of.

    Return how much was announced.
    """
    fail_lost_runs(at=at)
    leases.lose_expired(at=at)
    for number in sweep_chunks.reopen_lost(at=at):
        error = WorkerLost("a chunk ended too many of the workers that tried it")
        sweep_results.end(Sweep(pk=number), error, status=RunStatus.FAILED, at=at)
    waiting = list(_waiting())
    if not waiting:
        return 0
    messages = count_waiting()
    if messages is None or messages >= len(waiting):
        return 0
    # A message that a worker has just taken is not counted: one too many does no harm.
    oldest = waiting[: len(waiting) - messages]
    return sum(tell(task, **{name: number}) for task, name, number in oldest)


def _waiting() -> Iterator[tuple[str, str, int]]:
    """Yield what a worker could take, each as a message would say it."""
    for run in Run.objects.filter(status=RunStatus.QUEUED).order_by("pk"):
        yield EXECUTE_RUN, "run_id", run.pk
    for job in Job.objects.filter(status=RunStatus.QUEUED).order_by("pk"):
        yield DO_JOB, "job_id", job.pk
    open_chunk = SweepChunk.objects.filter(sweep=OuterRef("pk"), state=SweepChunk.State.OPEN)
    begun = Q(status=RunStatus.RUNNING) & Exists(open_chunk)
    sweeps = Sweep.objects.filter(
        Q(status=RunStatus.QUEUED) | begun, is_shared=True, paused_at=None
    )
    for number in sweeps.order_by("pk").values_list("pk", flat=True):
        yield WORK_ON_SWEEP, "sweep_id", number
