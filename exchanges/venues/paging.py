"""Bars of a period, request after request, whatever each of them brings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from common.domain.bars import Bars
from common.domain.instruments import InstrumentId
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe
from exchanges.venues.base import VenueClient
from exchanges.venues.errors import EmptyAnswers, UnsupportedTimeframe

_DAY_NS: Final = Timeframe.D1.nanoseconds
_MAX_EMPTY: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """What was learnt at once.

    Parameters
    ----------
    bars
        Of the stretch `[start_ns, next_ns)`; none if it is a hole.
    start_ns, next_ns
        Where the stretch begins and ends, nanoseconds since 1970 UTC.
    requests
        How many answers it took; those that failed are not counted.
    """

    bars: Bars
    start_ns: int
    next_ns: int
    requests: int


def iter_bars(
    client: VenueClient,
    instrument: InstrumentId,
    timeframe: Timeframe,
    *,
    start_ns: int,
    end_ns: int,
) -> Iterator[Page]:
    """Yield the closed bars that open in `[start_ns, end_ns)`, oldest first, without overlap.

    Raises
    ------
    UnknownInstrument, UnsupportedTimeframe
        If the venue has no such bars.
    EmptyAnswers
        After 200 answers in a row without a bar, at times when there must be some.
    VenueError
        If the venue refuses, or still fails after the client's `retries`.

    Notes
    -----
    It ends: every page begins where the one before ended, at least a bar later. A venue may
    answer with fewer bars than it was asked for (the next request goes on after the last),
    with more, with earlier or later ones (left out), or with none: then the time that was
    asked for is a hole. Where a hole ends is looked up in the venue's daily bars, so that
    the years before a listing cost a few requests.
    """
    reader = _Reader(client, instrument)
    cursor_ns, empty = _ceil(start_ns, timeframe), 0
    while cursor_ns < end_ns:
        answer, asked_to_ns = reader.read(timeframe, cursor_ns, end_ns)
        bars = answer.between(cursor_ns, end_ns)
        next_ns = asked_to_ns
        if len(bars):
            next_ns, empty = int(bars.open_ns[-1]) + timeframe.nanoseconds, 0
        elif len(answer):
            next_ns = end_ns
        elif asked_to_ns < end_ns:
            empty += 1
            next_ns = max(
                asked_to_ns, _ceil(reader.skip(timeframe, asked_to_ns, end_ns), timeframe)
            )
        yield Page(bars, cursor_ns, min(next_ns, end_ns), reader.take_count())
        if empty > _MAX_EMPTY:
            raise EmptyAnswers(
                f"{client.venue} gave {empty} answers without a bar of {instrument} {timeframe} up"
                f" to {format_utc(cursor_ns)}; start later",
                instrument=str(instrument),
                until=format_utc(cursor_ns),
            )
        cursor_ns = next_ns


class _Reader:
    """Reads with retries, and counts."""

    def __init__(self, client: VenueClient, instrument: InstrumentId) -> None:
        self._client = client
        self._instrument = instrument
        self._count = 0

    def read(self, timeframe: Timeframe, start_ns: int, end_ns: int) -> tuple[Bars, int]:
        """Return one answer, and up to where it was asked for."""
        client, instrument = self._client, self._instrument
        most = client.retries.read(lambda: client.max_bars(instrument, timeframe))
        step = timeframe.nanoseconds
        limit = min(most, -(-(end_ns - start_ns) // step))
        bars = client.retries.read(
            lambda: client.fetch_bars(instrument, timeframe, start_ns=start_ns, limit=limit)
        )
        self._count += 1
        return bars, start_ns + limit * step

    def take_count(self) -> int:
        """Return how many answers there were since this was last asked."""
        count, self._count = self._count, 0
        return count

    def skip(self, timeframe: Timeframe, start_ns: int, end_ns: int) -> int:
        """Return a time before which there is no bar, judged by the venue's daily bars."""
        # Today has no closed daily bar, and a venue's day need not begin at midnight UTC.
        last_ns = end_ns - 2 * _DAY_NS
        if timeframe.nanoseconds >= _DAY_NS or start_ns >= last_ns:
            return start_ns
        cursor_ns = start_ns - start_ns % _DAY_NS
        try:
            while cursor_ns < last_ns:
                days, cursor_ns = self.read(Timeframe.D1, cursor_ns, last_ns)
                if len(days):
                    return int(days.open_ns[0]) - _DAY_NS
        except UnsupportedTimeframe:
            return start_ns
        return last_ns


def _ceil(time_ns: int, timeframe: Timeframe) -> int:
    """Return the first open time that is not before a time."""
    step = timeframe.nanoseconds
    return time_ns + (timeframe.origin_ns - time_ns) % step
