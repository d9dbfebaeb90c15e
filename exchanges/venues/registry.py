"""Which client reads which venue."""

from typing import Final

from common.domain.clock import Clock, SystemClock
from exchanges.venues.base import VenueClient
from exchanges.venues.retrying import RetryPolicy

_TIMEOUT_SECONDS: Final = 10.0


def open_client(
    venue: str,
    *,
    clock: Clock | None = None,
    timeout_seconds: float = _TIMEOUT_SECONDS,
    retries: RetryPolicy | None = None,
) -> VenueClient:
    """Return a client of a venue; nothing is sent yet.

    Parameters
    ----------
    venue
        The venue's code; its case does not matter.
    clock
        Tells which bars have closed; the machine's by default.
    timeout_seconds
        Of one request.
    retries
        How a read that failed is repeated.

    Raises
    ------
    UnknownVenue
        If no adapter knows the venue.
    """
    # ccxt takes a second to import and 45 MB: not before a venue is asked.
    from exchanges.venues.ccxt_client import CcxtClient

    return CcxtClient(
        venue.upper(),
        clock=clock or SystemClock(),
        retries=retries or RetryPolicy(),
        timeout_seconds=timeout_seconds,
    )
