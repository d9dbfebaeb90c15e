"""Times: aware UTC outside, int64 nanoseconds since 1970 in arrays."""

from datetime import UTC, datetime, timedelta
from typing import Final

from common.domain.errors import InvalidArgument

NANOSECONDS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_ns(moment: datetime) -> int:
    """Return the nanoseconds from 1970-01-01 UTC to an aware time, exactly.

    Raises
    ------
    InvalidArgument
        If `moment` has no time zone.

    Examples
    --------
    >>> to_ns(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000000
    """
    if moment.tzinfo is None:
        raise InvalidArgument(f"the time {moment.isoformat()} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND * 1_000


def from_ns(nanoseconds: int) -> datetime:
    """Return the aware UTC time of a nanosecond stamp, cut to the microsecond."""
    return _EPOCH + timedelta(microseconds=int(nanoseconds) // 1_000)


def parse_utc(text: str) -> datetime:
    """Read an ISO-8601 date or time; one without a zone is taken as UTC.

    Raises
    ------
    InvalidArgument
        If the text is not ISO-8601.

    Examples
    --------
    >>> parse_utc("2019-10-17").isoformat()
    '2019-10-17T00:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise InvalidArgument(f"{text!r} is not an ISO-8601 time") from e
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_utc(nanoseconds: int) -> str:
    """Write a nanosecond stamp as ISO-8601 with `Z`, with only the digits it needs.

    Examples
    --------
    >>> format_utc(1571302800_000000000)
    '2019-10-17T09:00:00Z'
    >>> format_utc(1_500_000)
    '1970-01-01T00:00:00.001500Z'
    """
    seconds, fraction = divmod(int(nanoseconds), NANOSECONDS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if not fraction:
        return f"{text}Z"
    digits = f"{fraction:09d}"
    return f"{text}.{digits if fraction % 1_000 else digits[:6]}Z"
