"""ccxt's errors in our words; known by name, so that nothing of ccxt is imported here."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from common.domain.errors import PlatformError, VenueError
from exchanges.exceptions import UnknownInstrument
from exchanges.venues.errors import (
    RateLimited,
    UnreadableAnswer,
    VenueRefused,
    VenueUnavailable,
)

_LENGTH: Final = 300
# The first class of an error's ancestry that is listed decides. The hierarchy is ccxt's own
# (`ccxt/base/errors.py`); whatever is not listed is not known to pass, so it is a refusal.
_KINDS: Final[dict[str, type[PlatformError]]] = {
    "RateLimitExceeded": RateLimited,
    "DDoSProtection": RateLimited,
    "InvalidNonce": VenueRefused,
    "NetworkError": VenueUnavailable,
    "BadResponse": UnreadableAnswer,
    "BadSymbol": UnknownInstrument,
}
# Of the answers 4xx, these alone say to come back; ccxt takes others for an outage too.
_PASSING: Final = frozenset({408, 418, 425, 429})


def translate(
    error: Exception, *, venue: str, headers: Mapping[str, str], now: datetime
) -> PlatformError:
    """Return what a ccxt error means.

    Parameters
    ----------
    error
        As ccxt raised it.
    venue
        Whom it concerns, for the message.
    headers
        Of the venue's last answer; empty if there was none.
    now
        The time now, to which a date in `Retry-After` is compared.
    """
    names = [ancestor.__name__ for ancestor in type(error).__mro__]
    kind = next((_KINDS[name] for name in names if name in _KINDS), VenueRefused)
    status = _status(error)
    if kind is VenueUnavailable and status is not None and 400 <= status < 500:
        kind = VenueUnavailable if status in _PASSING else VenueRefused
    detail = f"{venue}: {names[0]}: {str(error)[:_LENGTH]}"
    if kind is RateLimited:
        wait = retry_after_seconds(headers.get("Retry-After"), now)
        return RateLimited(detail, retry_after_seconds=wait, venue=venue)
    return kind(detail, venue=venue)


def unreadable(reason: str, *, venue: str) -> VenueError:
    """Return the error for an answer that cannot be what it should."""
    return UnreadableAnswer(
        f"{venue}: the answer has another form than expected: {reason}"[:_LENGTH], venue=venue
    )


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Return the pause that a `Retry-After` header asks for (RFC 9110, 10.2.3), None if none.

    Examples
    --------
    >>> from datetime import UTC
    >>> retry_after_seconds("3", datetime(2024, 1, 1, tzinfo=UTC))
    3.0
    >>> retry_after_seconds("Mon, 01 Jan 2024 00:01:00 GMT", datetime(2024, 1, 1, tzinfo=UTC))
    60.0
    """
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    moment = http_date(value)
    return max(0.0, (moment - now).total_seconds()) if moment else None


def http_date(value: str | None) -> datetime | None:
    """Return the aware time of an HTTP date, None if there is none or it is not one."""
    try:
        moment = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else None


def _status(error: Exception) -> int | None:
    """Return the HTTP status behind an error: ccxt raises while it handles that of requests."""
    response = getattr(error.__context__, "response", None)
    status: int | None = getattr(response, "status_code", None)
    return status
