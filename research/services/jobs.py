"""Queued runs as a worker sees them through: taken, executed, ended or given back."""

import logging

from django.conf import settings

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.enums import RunStatus
from research.compute.exceptions import WorkerLost
from research.compute.failures import describe_error
from research.exceptions import RunNotRunning, UnexpectedFailure, WorkerStopping
from research.models import Run
from research.services import leases, ledger
from research.services.children import ensure_ready
from research.services.execution import Execution, Stopping

logger = logging.getLogger(__name__)


def execute_run(
    *, run_id: int, store: SeriesStore, clock: Clock, is_stopping: Stopping
) -> Run | None:
    """Take a run from the queue and see it through; None if it was not to be had.

    Returns
    -------
    Run
        The row as this worker left it: in a final state, or back in the queue because the
        worker ends or the run's process was lost.
    """
    run = Run.objects.filter(pk=run_id, status=RunStatus.QUEUED).first()
    if run is None or is_stopping():
        return None
    try:
        # Before the run is taken: the imports of all engines take longer than a lease.
        ensure_ready()
    except WorkerLost:
        logger.exception("the fork server ended while it was being prepared")
    run = leases.claim(run_id=run_id, at=clock.now())
    if run is None:
        return None
    _see_through(Execution(run, store=store, clock=clock, is_stopping=is_stopping))
    return Run.objects.get(pk=run_id)


def _see_through(execution: Execution) -> None:
    run, clock = execution.run, execution.clock
    try:
        ledger.end_run(run=run, outcome=execution.outcome(), at=clock.now())
    except WorkerStopping:
        leases.release(run=run)
    except WorkerLost as error:
        logger.warning("%s: %s", run, error.detail)
        run.refresh_from_db(fields=["cancel_requested_at"])
        leases.lose(run=run, detail=error.detail, at=clock.now())
    except RunNotRunning as error:
        # Its lease ran out, and whoever has it now will end it.
        logger.warning("given up: %s", error.detail)
    except Exception as error:
        failure = UnexpectedFailure(describe_error(error), run_id=run.pk)
        outcome = ledger.Outcome(status=RunStatus.FAILED, error=failure)
        ledger.end_run(run=run, outcome=outcome, at=clock.now())
        raise


def longest_seconds() -> float:
    """Return the age at which the folder of a job is surely left over."""
    compute = settings.PLATFORM.compute
    return float(compute.job_seconds + compute.lease_seconds + 600)
