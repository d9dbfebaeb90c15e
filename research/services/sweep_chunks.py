"""Chunks of sweeps: taken by one process at a time, given back, lost with their process.

The database owns them. Whoever changes a chunk from OPEN to TAKEN first has it; any number of
workers and terminals may be at the chunks of one sweep.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F, Q, QuerySet

from common.domain.enums import RunStatus
from research.exceptions import SweepNotRunning
from research.models import Sweep, SweepChunk
from research.services.owners import is_alive, process_name

logger = logging.getLogger(__name__)
_OPEN, _TAKEN = SweepChunk.State.OPEN, SweepChunk.State.TAKEN
# A worker that dies was killed, as a rule; one chunk that kills ten is at fault itself.
_MOST_ATTEMPTS: Final = 10
_TRIES: Final = 5


def plan(sweep: Sweep, *, size: int) -> list[SweepChunk]:
    """Return the chunks of a sweep, not yet written."""
    return plan_more(sweep, size=size, first=0, count=sweep.n_sets)


def plan_more(sweep: Sweep, *, size: int, first: int, count: int) -> list[SweepChunk]:
    """Return further chunks for so many places from the first one on, not yet written."""
    known, end = sweep.chunks.count(), first + count
    return [
        SweepChunk(sweep=sweep, index=known + number, first=place, size=min(size, end - place))
        for number, place in enumerate(range(first, end, size))
    ]


def take(sweep: Sweep, *, at: datetime, is_leased: bool) -> SweepChunk | None:
    """Take the first chunk that nobody has, or return None if there is none.

    Parameters
    ----------
    is_leased
        Whether this process will extend a lease; without one it has the chunk while it lives.
    """
    open_chunks = SweepChunk.objects.filter(
        sweep=sweep, state=_OPEN, sweep__status=RunStatus.RUNNING, sweep__paused_at=None
    ).order_by("index")
    until = _lease_end(at) if is_leased else None
    while True:
        numbers = list(open_chunks.values_list("pk", flat=True)[:_TRIES])
        if not numbers:
            return None
        for number in numbers:
            # Of two processes that saw it open only one changes it. Its own row alone is
            # looked at: PostgreSQL looks again at that one when it has waited for another,
            # and at no other table.
            if SweepChunk.objects.filter(pk=number, state=_OPEN).update(
                state=_TAKEN, owner=process_name(), attempt=F("attempt") + 1, lease_until=until
            ):
                return SweepChunk.objects.get(pk=number)


def held(chunk: SweepChunk) -> QuerySet[SweepChunk]:
    """Return the row of a chunk as far as this attempt at it still has it."""
    return SweepChunk.objects.filter(
        pk=chunk.pk, state=_TAKEN, owner=chunk.owner, attempt=chunk.attempt
    )


def extend(chunk: SweepChunk, *, at: datetime) -> None:
    """Keep a chunk of this process for another while.

    Raises
    ------
    SweepNotRunning
        If it is not this process's any more, or its sweep has ended.
    """
    until = _lease_end(at)
    if not (is_wanted(chunk) and held(chunk).update(lease_until=until)):
        raise SweepNotRunning(f"{chunk} is not of this worker any more", sweep=chunk.sweep_id)
    chunk.lease_until = until


def is_wanted(chunk: SweepChunk) -> bool:
    """Tell whether this process still has a chunk, and its sweep goes on."""
    return held(chunk).filter(sweep__status=RunStatus.RUNNING).exists()


def give_back(chunk: SweepChunk, *, is_lost: bool) -> None:
    """Let another process begin a chunk anew.

    Parameters
    ----------
    is_lost
        Whether what tried it was lost; otherwise it counts as not begun.
    """
    attempt = F("attempt") if is_lost else F("attempt") - 1
    held(chunk).update(state=_OPEN, owner="", lease_until=None, attempt=attempt)


def reopen_lost(*, at: datetime) -> list[int]:
    """Give back the chunks whose process is gone; return the sweeps that lost too many."""
    failed = []
    lost = Q(lease_until__lt=at) | Q(lease_until=None)
    rows = SweepChunk.objects.filter(lost, state=_TAKEN, sweep__status=RunStatus.RUNNING)
    for chunk in rows:
        if chunk.lease_until is None and is_alive(chunk.owner):
            continue
        logger.warning("%s: its process %s is gone", chunk, chunk.owner)
        if chunk.attempt >= _MOST_ATTEMPTS:
            failed.append(chunk.sweep_id)
        held(chunk).filter(lease_until=chunk.lease_until).update(
            state=_OPEN, owner="", lease_until=None
        )
    return failed


def _lease_end(at: datetime) -> datetime:
    return at + timedelta(seconds=settings.PLATFORM.compute.lease_seconds)
