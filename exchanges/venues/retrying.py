"""Reads that are repeated after a failure that may pass; nothing else may be repeated."""

from collections.abc import Callable
from dataclasses import dataclass

import stamina

from common.domain.errors import ExternalError
from exchanges.venues.errors import RateLimited


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a read is tried and how long it pauses in between.

    Parameters
    ----------
    attempts
        How often a read is tried in all, >= 1.
    first_pause_seconds
        Pause before the second try; each further one is twice as long. Up to as much again
        is added by chance, so that several processes do not come back together.
    longest_pause_seconds
        Bound of a pause. A venue that wants to be left alone for longer is not asked again.
    """

    attempts: int = 5
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 60.0

    def read[T](self, call: Callable[[], T]) -> T:
        """Return what `call` returns, trying again after errors that are retryable.

        Raises
        ------
        ExternalError
            The last one, when it is not retryable or the attempts are used up.
        """
        caller = stamina.RetryingCaller(
            attempts=self.attempts,
            timeout=None,
            wait_initial=self.first_pause_seconds,
            wait_max=self.longest_pause_seconds,
            wait_jitter=self.first_pause_seconds,
        )
        return caller(self._pause_after, call)

    def _pause_after(self, error: Exception) -> bool | float:
        if not isinstance(error, ExternalError) or not error.retryable:
            return False
        if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
            wanted = error.retry_after_seconds
            return wanted if wanted <= self.longest_pause_seconds else False
        return True
