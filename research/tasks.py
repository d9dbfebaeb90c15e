"""Background work of research: queued runs, and what lost workers left."""

import threading
from typing import Any

from celery import shared_task

from common.domain.clock import SystemClock
from exchanges.selectors.market_data import open_store
from research.compute.job import remove_old_folders
from research.services import job_queue, jobs, recovery, sweep_queue
from research.services.children import job_root
from research.services.means import Means

_stopping = threading.Event()


@shared_task(name="research.execute_run")
def execute_run(*, run_id: int, **_ignored: Any) -> None:
    """Execute a queued run, unless another worker has taken it."""
    jobs.execute_run(
        run_id=run_id, store=open_store(), clock=SystemClock(), is_stopping=_stopping.is_set
    )


@shared_task(name="research.recover_runs")
def recover_runs(**_ignored: Any) -> int:
    """Put the runs of lost workers back or fail them, and send lost messages again."""
    remove_old_folders(job_root(), older_than_seconds=jobs.longest_seconds())
    return recovery.recover(at=SystemClock().now())


@shared_task(name="research.work_on_sweep")
def work_on_sweep(*, sweep_id: int, **_ignored: Any) -> None:
    """Work on a sweep for a while, beside any other workers."""
    sweep_queue.work_on_sweep(sweep_id=sweep_id, means=_means())


@shared_task(name="research.do_job")
def do_job(*, job_id: int, **_ignored: Any) -> None:
    """Do a comparison, a verdict or an examination, unless another worker has it."""
    job_queue.do_job(job_id=job_id, means=_means())


def _means() -> Means:
    return Means(
        store=open_store(), clock=SystemClock(), is_worker=True, is_stopping=_stopping.is_set
    )


def stop_running() -> None:
    """Let this worker give its runs back: it is about to end."""
    _stopping.set()
