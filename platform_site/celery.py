"""The Celery application: its queues, what runs by the clock, and what a worker does beside."""

import logging
import os
import threading
from datetime import timedelta
from typing import Any, Final

from celery import Celery
from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "platform_site.settings.base")

logger = logging.getLogger(__name__)
compute = settings.PLATFORM.compute
# A run's message is delivered again only when twice its time is over: until then the lease
# decides, and a second delivery finds nothing to do.
_VISIBILITY_SECONDS: Final = int(2 * compute.job_seconds + 600)
# Each with an exchange and a key of its own: what shares these gets each other's messages.
_QUEUES: Final = {
    name: Queue(name, Exchange(name), routing_key=name) for name in ("critical", "io", "compute")
}

app = Celery("assay")
app.conf.update(
    broker_url=settings.REDIS_URL or f"redis://127.0.0.1:{settings.PLATFORM.broker.port}/0",
    broker_transport_options={
        "visibility_timeout": _VISIBILITY_SECONDS,
        # Who asks for a run waits for this long at most where no broker answers.
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    task_acks_late=True,
    # A worker that is killed must not take the task with it.
    task_reject_on_worker_lost=True,
    task_queues=[*_QUEUES.values()],
    task_default_queue="io",
    task_default_exchange="io",
    task_default_routing_key="io",
    task_routes={
        "research.execute_run": {"queue": "compute"},
        "research.work_on_sweep": {"queue": "compute"},
        "research.do_job": {"queue": "compute"},
        "research.recover_runs": {"queue": "critical"},
    },
    worker_prefetch_multiplier=1,
    # The work is done by processes of the fork server, or waits for a disk or a venue.
    worker_pool="threads",
    worker_concurrency=compute.jobs_at_once,
    timezone="UTC",
    beat_schedule_filename=str(settings.VAR / "celerybeat-schedule"),
    beat_schedule={
        "remove-unreferenced-files": {
            "task": "exchanges.remove_unreferenced_files",
            "schedule": timedelta(hours=1),
        },
        "prune-idempotency-records": {
            "task": "common.prune_idempotency_records",
            "schedule": timedelta(hours=6),
        },
        "recover-runs": {
            "task": "research.recover_runs",
            "schedule": timedelta(seconds=compute.recovery_seconds),
            # One that nobody took in time is followed by the next.
            "options": {"expires": compute.recovery_seconds},
        },
    },
)
app.autodiscover_tasks()


def send(task: str, **arguments: Any) -> bool:
    """Tell the workers to do a task; say whether the broker took the message."""
    try:
        app.send_task(task, kwargs=arguments, retry=False)
    except OperationalError as error:
        logger.warning("the broker does not answer, %s waits: %s", task, error)
        return False
    return True


def count_waiting(queue: str) -> int | None:
    """Return how many messages wait in a queue, or None where the broker does not answer."""
    try:
        with app.connection_for_read() as connection:
            # Declared by its owner, as each worker and each sender does; that also counts.
            channel = connection.default_channel
            declared: Any = _QUEUES[queue](channel).queue_declare()
            return int(declared.message_count)
    except OperationalError as error:
        logger.warning("the broker does not answer: %s", error)
        return None


@worker_init.connect
def _pin(**_: Any) -> None:
    if compute.cpu_set:
        os.sched_setaffinity(0, compute.cpu_set)


@worker_ready.connect
def _recover_now_and_then(**_: Any) -> None:
    # Beat may be down: what a lost worker left must be found all the same.
    threading.Thread(target=_recover_for_ever, name="recovery", daemon=True).start()


@worker_shutting_down.connect
def _give_runs_back(**_: Any) -> None:
    from research.tasks import stop_running

    stop_running()


def _recover_for_ever() -> None:
    from django.db import close_old_connections

    from research.tasks import recover_runs

    pause = threading.Event()
    while not pause.wait(compute.recovery_seconds):
        try:
            recover_runs()
        except Exception:
            # The outermost loop: a database that is away comes back.
            logger.exception("lost runs could not be looked for")
        finally:
            close_old_connections()
