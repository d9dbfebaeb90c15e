"""A job of this worker while it is done: its lease extended, its progress noted, its end asked."""

import threading
from time import monotonic
from types import TracebackType
from typing import Final, Self

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common.domain.clock import Clock
from research.exceptions import Canceled, RunNotRunning
from research.models import Job
from research.services import leases, ledger
from research.services.execution import Stopping

_LOOK_SECONDS: Final = 0.5
_LONGEST_STEP: Final = 120


class JobKeeper:
    """Keeps a job for this process; a context manager.

    A thread extends the lease: between two looks a step may compute for longer than it lasts.
    """

    def __init__(self, job: Job, *, clock: Clock, is_stopping: Stopping) -> None:
        self._job, self._clock, self._is_stopping = job, clock, is_stopping
        self._progress = job.progress
        self._is_lost = False
        self._looked = monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._extend_for_ever, daemon=True)

    def __enter__(self) -> Self:
        """Begin to extend the lease."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the lease to run out."""
        self._over.set()
        self._thread.join()

    def is_stopping(self) -> bool:
        """Tell whether the worker is to end.

        Raises
        ------
        Canceled
            If somebody asked to end the job.
        RunNotRunning
            If the job is not this process's any more.
        """
        if self._is_lost:
            raise RunNotRunning(f"{self._job} is not of this worker any more")
        if monotonic() - self._looked >= _LOOK_SECONDS:
            self._looked = monotonic()
            if self._is_cancel_requested():
                raise Canceled("canceled before it was done")
        return self._is_stopping()

    def _is_cancel_requested(self) -> bool:
        try:
            return leases.is_cancel_requested(run=self._job)
        except (OperationalError, InterfaceError):
            # The database is away: it is asked again when it is back, or the lease is lost.
            connection.close_if_unusable_or_obsolete()
            return False

    def note(self, done: float) -> None:
        """Note the fraction done."""
        self._progress = min(max(done, 0.0), 1.0)

    def say(self, step: str) -> None:
        """Write what is being done from now on, of which nothing is done yet.

        Raises
        ------
        RunNotRunning
            If the job is not this process's any more.
        """
        self._progress = 0.0
        if not ledger.held(self._job).update(step=step[:_LONGEST_STEP], progress=0.0):
            raise RunNotRunning(f"{self._job} is not of this worker any more")

    def _extend_for_ever(self) -> None:
        try:
            while not self._over.wait(settings.PLATFORM.compute.heartbeat_seconds):
                self._extend()
        finally:
            connection.close()

    def _extend(self) -> None:
        try:
            leases.extend(run=self._job, progress=self._progress, at=self._clock.now())
        except RunNotRunning:
            self._is_lost = True
            self._over.set()
        except (OperationalError, InterfaceError):
            # The database is away; the lease is extended when it is back, or is lost.
            connection.close_if_unusable_or_obsolete()
