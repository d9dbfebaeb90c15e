"""Housekeeping of what all apps share."""

from typing import Any

from celery import shared_task

from common.domain.clock import SystemClock
from common.idempotency import prune_records


@shared_task(name="common.prune_idempotency_records")
def prune_idempotency_records(**_ignored: Any) -> int:
    """Remove the answers whose days of keeping are over; return how many."""
    return prune_records(at=SystemClock().now())
