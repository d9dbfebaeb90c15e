"""What is asked of a venue, whoever it is and however it is reached."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self, final

from common.data_pipeline.rows import BarRows
from common.domain.bars import Bars
from common.domain.clock import Clock
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.venues.cleaning import closed_bars
from exchanges.venues.retrying import RetryPolicy


class VenueClient(ABC):
    """Reads the public data of one venue; one thread at a time.

    Parameters
    ----------
    venue
        The venue's code, capitals.
    clock
        Tells which bars have closed.
    retries
        How whoever asks repeats a read that failed; the client itself never repeats one.

    Notes
    -----
    An adapter implements the methods that begin with an underscore. What they raise is a
    `VenueError`, `UnknownInstrument` or `UnsupportedTimeframe`, never an error of the
    library they use.
    """

    def __init__(self, venue: str, *, clock: Clock, retries: RetryPolicy) -> None:
        self.venue = venue
        self.retries = retries
        self._clock = clock

    @final
    def fetch_bars(
        self, instrument: InstrumentId, timeframe: Timeframe, *, start_ns: int, limit: int
    ) -> Bars:
        """Return closed bars that open at or after `start_ns`, oldest first.

        Parameters
        ----------
        instrument, timeframe
            The bars that are wanted.
        start_ns
            Nanoseconds since 1970 UTC.
        limit
            How many are wanted, 1 to `max_bars`; there may be fewer, or more.

        Raises
        ------
        UnknownInstrument, UnsupportedTimeframe
            If the venue has no such bars.
        InvalidArgument
            If the instrument is another venue's, or the limit is out of range.
        VenueError
            If the venue failed, refused, or contradicts itself.

        Notes
        -----
        No bar may mean that the venue looked at `limit` bars from `start_ns` on and found
        a hole, or that it has none after that time.
        """
        most = self.max_bars(instrument, timeframe)
        if not 1 <= limit <= most:
            raise InvalidArgument(f"limit is {limit}, must be in [1, {most}]")
        # Read before asking: a bar that closes while the answer is on its way is not closed
        # in the answer.
        asked_ns = to_ns(self._clock.now())
        rows = self._request_bars(instrument, timeframe, start_ns=start_ns, limit=limit)
        answered_ns = self._venue_time_ns()
        # The earlier clock decides: a clock here that is fast would store an unfinished bar.
        now_ns = asked_ns if answered_ns is None else min(asked_ns, answered_ns)
        return closed_bars(rows, timeframe, start_ns=start_ns, now_ns=now_ns)

    @final
    def max_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> int:
        """Return how many bars one request may ask for.

        Raises
        ------
        UnknownInstrument, UnsupportedTimeframe
            If the venue has no such bars.
        InvalidArgument
            If the instrument is another venue's.
        VenueError
            If the venue failed or refused.
        """
        self._check_venue(instrument)
        return self._max_bars(instrument, timeframe)

    @final
    def instrument(self, instrument: InstrumentId) -> InstrumentSpec:
        """Return the sizes that orders respect, in base and quote currency, exactly.

        Raises
        ------
        UnknownInstrument
            If the venue does not trade it.
        InvalidArgument
            If the instrument is another venue's.
        VenueError
            If the venue failed or refused.
        """
        self._check_venue(instrument)
        return self._instrument(instrument)

    @abstractmethod
    def close(self) -> None:
        """Give the connections back; the client is not used afterwards."""

    @abstractmethod
    def _request_bars(
        self, instrument: InstrumentId, timeframe: Timeframe, *, start_ns: int, limit: int
    ) -> BarRows:
        """Return what one request answers, as it came."""

    @abstractmethod
    def _venue_time_ns(self) -> int | None:
        """Return when the venue says it gave its last answer, None if it does not say."""

    @abstractmethod
    def _max_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> int: ...

    @abstractmethod
    def _instrument(self, instrument: InstrumentId) -> InstrumentSpec: ...

    def _check_venue(self, instrument: InstrumentId) -> None:
        if instrument.venue != self.venue:
            raise InvalidArgument(f"{instrument} is not traded at {self.venue}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
