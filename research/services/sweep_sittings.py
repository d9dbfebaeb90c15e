"""One process at the chunks of a sweep: takes one after the other, tries it, and writes it."""

from math import inf
from time import monotonic
from typing import Final, Self

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common.domain.errors import PlatformError
from research.compute.exceptions import WorkerLost
from research.exceptions import SweepNotRunning, WorkerStopping
from research.models import Sweep, SweepChunk
from research.services import sweep_chunks, sweep_results
from research.services.execution import Stopping
from research.services.means import Means, never
from research.services.sweep_trying import Trying

_LOOK_SECONDS: Final = 0.5
# How often a chunk may end the process that tries it.
_MOST_DEATHS: Final = 3


class Sitting:
    """Works on a sweep that runs, until nothing is left to take or its time is over.

    A context manager that lets go of what it opened.
    """

    def __init__(self, sweep: Sweep, means: Means) -> None:
        self._sweep, self._means = sweep, means
        self._trying = Trying(sweep, means.bench(self._tick), means.store)
        self._chunk: SweepChunk | None = None
        self._looked = self._extended = monotonic()

    def __enter__(self) -> Self:
        """Return the sitting."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Let go of what is open."""
        self._trying.close()

    def work(self, *, seconds: float = inf, is_enough: Stopping = never) -> bool:
        """Try chunk after chunk; return whether some may be left when the time is over.

        Parameters
        ----------
        seconds
            Its time; a chunk that was begun is finished.
        is_enough
            Asked after each chunk whether something else has its turn.

        Raises
        ------
        SweepNotRunning
            If the sweep ended meanwhile.
        WorkerStopping
            If the worker is to end; its chunk is given back.
        PlatformError
            What keeps every set from being tried: the sweep cannot go on.
        """
        end = monotonic() + seconds
        while monotonic() < end:
            if self._means.is_stopping():
                raise WorkerStopping
            at = self._means.clock.now()
            chunk = sweep_chunks.take(self._sweep, at=at, is_leased=self._means.is_worker)
            if chunk is None:
                return False
            self._try(chunk)
            if is_enough():
                break
        return True

    def _try(self, chunk: SweepChunk) -> None:
        self._chunk, self._extended = chunk, monotonic()
        try:
            found = self._trying.results(chunk)
            done = sweep_results.write(chunk, found, at=self._means.clock.now())
        except WorkerLost:
            sweep_chunks.give_back(chunk, is_lost=True)
            if chunk.attempt >= _MOST_DEATHS:
                raise
        except (PlatformError, WorkerStopping, KeyboardInterrupt):
            sweep_chunks.give_back(chunk, is_lost=False)
            raise
        else:
            self._means.progress(done)
        finally:
            self._chunk = None

    def _tick(self, progress: float) -> None:  # noqa: ARG002 - of the child, not of the sweep
        now = monotonic()
        if self._chunk is None or now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        if self._means.is_stopping():
            raise WorkerStopping
        try:
            self._look(self._chunk, now)
        except (OperationalError, InterfaceError):
            # The database is away. Once the lease is over another process may take the chunk;
            # what this one then has is not written.
            connection.close_if_unusable_or_obsolete()

    def _look(self, chunk: SweepChunk, now: float) -> None:
        if now - self._extended >= settings.PLATFORM.compute.heartbeat_seconds:
            sweep_chunks.extend(chunk, at=self._means.clock.now())
            self._extended = now
        elif not sweep_chunks.is_wanted(chunk):
            raise SweepNotRunning(f"{chunk} is not wanted any more", sweep=chunk.sweep_id)
