"""The first of several venues that answers, within a time that is never exceeded."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.domain.clock import Clock, SystemClock
from common.domain.errors import NotFound, PlatformError
from common.domain.instruments import InstrumentId
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.venues.base import VenueClient
from exchanges.venues.registry import open_client

logger = logging.getLogger(__name__)

type Opener = Callable[[str], VenueClient]


@dataclass(frozen=True, slots=True)
class _Answer:
    venue: str
    client: VenueClient | None
    instrument: InstrumentId | None
    reason: str = ""


def first_answering(
    venues: Sequence[str],
    symbols: Sequence[str] = ("BTC/USDT", "BTC/USD"),
    *,
    seconds: float,
    opener: Opener = open_client,
) -> tuple[VenueClient, InstrumentId] | None:
    """Ask all venues at once for an hourly bar and return the first that gives one.

    Parameters
    ----------
    venues
        Their codes.
    symbols
        What to ask each for: the first of these that it trades.
    seconds
        How long this may take in all, whatever hangs: the import of ccxt, a name server, a
        connection.
    opener
        Returns the client of a venue.

    Returns
    -------
    tuple of VenueClient and InstrumentId, or None
        The client is the caller's to close. None if no venue answered in time; why is
        logged for each.

    Notes
    -----
    A request cannot be taken back: a thread whose answer comes too late closes its client
    and ends, and none of them keeps the process alive.
    """
    deadline = time.monotonic() + seconds
    contest = _Contest(symbols, opener)
    for venue in venues:
        threading.Thread(target=contest.enter, args=(venue,), daemon=True).start()
    waiting = list(venues)
    while waiting:
        try:
            answer = contest.answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if answer.client is not None and answer.instrument is not None:
            contest.close()
            return answer.client, answer.instrument
        waiting.remove(answer.venue)
        logger.info("venue %s is passed over: %s", answer.venue, answer.reason)
    contest.close()
    for venue in waiting:
        logger.info("venue %s is passed over: no answer within %g s", venue, seconds)
    return None


class _Contest:
    """What the asking threads and the one that waits share."""

    def __init__(self, symbols: Sequence[str], opener: Opener, clock: Clock | None = None) -> None:
        self.answers: queue.Queue[_Answer] = queue.Queue()
        self._symbols = symbols
        self._opener = opener
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._is_over = False

    def enter(self, venue: str) -> None:
        """Ask a venue and hand in what came of it."""
        try:
            client = self._opener(venue)
        except PlatformError as error:
            self.answers.put(_Answer(venue, None, None, error.detail))
            return
        try:
            instrument = self._ask(client)
        except PlatformError as error:
            client.close()
            self.answers.put(_Answer(venue, None, None, error.detail))
            return
        with self._lock:
            if not self._is_over:
                self.answers.put(_Answer(venue, client, instrument))
                return
        client.close()

    def close(self) -> None:
        """Take no more answers, and give back what those that came too late hold."""
        with self._lock:
            self._is_over = True
        while True:
            try:
                late = self.answers.get_nowait()
            except queue.Empty:
                return
            if late.client is not None:
                late.client.close()

    def _ask(self, client: VenueClient) -> InstrumentId:
        reasons = []
        for symbol in self._symbols:
            instrument = InstrumentId(symbol, client.venue)
            try:
                self._read_bar(client, instrument)
            except NotFound as error:
                reasons.append(error.detail)
            else:
                return instrument
        raise NotFound("; ".join(reasons) or "nothing to ask for")

    def _read_bar(self, client: VenueClient, instrument: InstrumentId) -> None:
        """Read one of the last bars.

        Raises
        ------
        NotFound
            If the venue does not trade the instrument, or has no recent bar of it.
        """
        # A day back: a bar that is surely closed, and the market may be quiet for an hour.
        start_ns = to_ns(self._clock.now()) - Timeframe.D1.nanoseconds
        if not len(client.fetch_bars(instrument, Timeframe.H1, start_ns=start_ns, limit=20)):
            raise NotFound(f"{client.venue} has no recent bar of {instrument.symbol}")
