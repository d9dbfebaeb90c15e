"""Words to the workers: what there may be to do, and how many such words wait."""

from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

EXECUTE_RUN: Final = "research.execute_run"
WORK_ON_SWEEP: Final = "research.work_on_sweep"
DO_JOB: Final = "research.do_job"
_QUEUE: Final = "compute"


def tell(task: str, **numbers: int) -> bool:
    """Tell the workers of something to do; say whether the broker took it.

    The rows are what counts: where a message is lost, another is sent.
    """
    send = import_string(settings.TASK_SENDER)
    return bool(send(task, **numbers))


def count_waiting() -> int | None:
    """Return how many messages nobody has taken, or None where the broker does not answer."""
    count: int | None = import_string(settings.TASK_COUNTER)(_QUEUE)
    return count
