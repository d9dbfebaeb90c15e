"""Bars of a venue into the store, from where an earlier fetch stopped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Bars, Times
from common.domain.clock import Clock
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc, to_ns
from common.domain.timeframe import Timeframe
from exchanges.services.catalogue import register_series
from exchanges.venues.base import VenueClient
from exchanges.venues.errors import NoBarsOffered
from exchanges.venues.paging import Page, iter_bars
from exchanges.venues.stretches import Stretch, missing_stretches, newest_first

type Progress = Callable[[int, int], None]

# A commit writes a month anew: many are slow, and what was not committed is fetched again
# after the process was killed.
COMMIT_BARS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was asked for the venue has.

    Parameters
    ----------
    asked_start_ns
        Open time of the first bar that was asked for.
    first_available_ns
        Open time of the first bar there is.
    """

    asked_start_ns: int
    first_available_ns: int

    @property
    def capped(self) -> bool:
        """Whether the venue's history begins later than asked."""
        return self.first_available_ns > self.asked_start_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What is stored of the period now, and what it took.

    Parameters
    ----------
    key
        The series.
    rows, added
        Bars of the period that are stored; how many of them were not before.
    start_ns, end_ns
        Open time of the first, close time of the last.
    gaps
        Bars missing between the two.
    requests
        How many answers of the venue it took.
    coverage
        How much of the period the venue has.
    hash
        Dataset hash of the period.
    """

    key: SeriesKey
    rows: int
    added: int
    start_ns: int
    end_ns: int
    gaps: int
    requests: int
    coverage: Coverage
    hash: str


def fetch_bars(  # noqa: PLR0913 - a form: who, what, from when to when, where to
    *,
    store: SeriesStore,
    client: VenueClient,
    key: SeriesKey,
    start_ns: int,
    end_ns: int,
    clock: Clock,
    progress: Progress | None = None,
) -> FetchReport:
    """Store the closed bars that open in `[start_ns, end_ns)` and are not stored yet.

    Parameters
    ----------
    store, client
        Where to, and from whom.
    key
        A series of bars of the client's venue.
    start_ns, end_ns
        Nanoseconds since 1970 UTC; the end is cut to the last bar that has closed.
    clock
        Tells which bars have closed.
    progress
        Called with the number of bars that are settled and of those that were missing.

    Raises
    ------
    InvalidArgument, InvalidPeriod
        If the series holds no bars, or no bar of the period has closed.
    NoBarsOffered
        If neither the venue nor the store has a bar of the period.
    PlatformError
        What asking the venue and storing raise. What was fetched before stays stored, also
        after an interrupt; calling this again goes on from there.
    """
    period = _period(key, start_ns=start_ns, end_ns=end_ns, clock=clock)
    spec = client.retries.read(lambda: client.instrument(key.instrument))
    work = _Work(store, client, period, progress=progress)
    try:
        work.run()
    finally:
        if _is_stored(store, key):
            register_series(store=store, key=key, spec=spec)
    return _report(store, period, work)


@dataclass(frozen=True, slots=True)
class _Period:
    """Bars that were asked for, on the grid."""

    key: SeriesKey
    timeframe: Timeframe
    start_ns: int
    end_ns: int

    def times(self, store: SeriesStore) -> list[Times]:
        """Return the open times that are stored of it, in pieces."""
        if not _is_stored(store, self.key):
            return []
        return [bars.open_ns for bars in store.iter_bars(self.key, self.start_ns, self.end_ns)]

    def __str__(self) -> str:
        return f"{format_utc(self.start_ns)} to {format_utc(self.end_ns)}"


class _Work:
    """One fetch."""

    def __init__(
        self,
        store: SeriesStore,
        client: VenueClient,
        period: _Period,
        *,
        progress: Progress | None,
    ) -> None:
        self.requests = 0
        self.added = 0
        self._store = store
        self._client = client
        self._period = period
        self._progress = progress
        self._settled = 0
        self._missing = 0
        self._least = client.max_bars(period.key.instrument, period.timeframe)

    def run(self) -> None:
        """Fetch what is missing."""
        step = self._period.timeframe.nanoseconds
        stretches = missing_stretches(
            self._period.times(self._store),
            start_ns=self._period.start_ns,
            end_ns=self._period.end_ns,
            step_ns=step,
            least_bars=self._least,
        )
        self._missing = sum(stretch.end_ns - stretch.start_ns for stretch in stretches) // step
        for stretch in stretches:
            if stretch.is_last:
                self._fetch_onwards(stretch)
            else:
                self._fetch_backwards(stretch)

    def _fetch_onwards(self, stretch: Stretch) -> None:
        """Store bars after the last stored one; those at hand also when something fails."""
        pending: list[Bars] = []
        try:
            for page in self._pages(stretch.start_ns, stretch.end_ns):
                pending.append(page.bars)
                self._settle(page.start_ns, page.next_ns)
                if sum(map(len, pending)) >= COMMIT_BARS:
                    batch, pending = pending, []
                    self._commit(batch)
        finally:
            self._commit(pending)

    def _fetch_backwards(self, stretch: Stretch) -> None:
        """Store bars before stored ones, the newest piece first and each piece whole."""
        first_ns = self._first_available(stretch)
        self._settle(stretch.start_ns, first_ns)
        available = Stretch(first_ns, stretch.end_ns, is_last=False)
        step_ns = self._period.timeframe.nanoseconds
        for piece in newest_first(
            available, step_ns=step_ns, piece_bars=COMMIT_BARS, least_bars=self._least
        ):
            batch = []
            for page in self._pages(piece.start_ns, piece.end_ns):
                self._settle(page.start_ns, page.next_ns)
                batch.append(page.bars)
            self._commit(batch)

    def _first_available(self, stretch: Stretch) -> int:
        """Return the open time of the venue's first bar in a stretch, or its end."""
        for page in self._pages(stretch.start_ns, stretch.end_ns):
            if len(page.bars):
                return int(page.bars.open_ns[0])
        return stretch.end_ns

    def _pages(self, start_ns: int, end_ns: int) -> Iterator[Page]:
        instrument, timeframe = self._period.key.instrument, self._period.timeframe
        pages = iter_bars(self._client, instrument, timeframe, start_ns=start_ns, end_ns=end_ns)
        for page in pages:
            self.requests += page.requests
            yield page

    def _settle(self, start_ns: int, end_ns: int) -> None:
        self._settled += (end_ns - start_ns) // self._period.timeframe.nanoseconds
        if self._progress is not None:
            self._progress(self._settled, self._missing)

    def _commit(self, batch: list[Bars]) -> None:
        rows = [BarRows.of(bars) for bars in batch if len(bars)]
        if rows:
            self.added += self._store.merge_bars(self._period.key, rows).added


def _period(key: SeriesKey, *, start_ns: int, end_ns: int, clock: Clock) -> _Period:
    if key.timeframe is None:
        raise InvalidArgument(f"{key} holds no bars")
    timeframe = key.timeframe
    step_ns, origin_ns = timeframe.nanoseconds, timeframe.origin_ns
    now_ns = to_ns(clock.now())
    first_ns = start_ns + (origin_ns - start_ns) % step_ns
    last_ns = min(end_ns, now_ns - (now_ns - origin_ns) % step_ns)
    if first_ns >= last_ns:
        raise InvalidPeriod(
            f"no bar of {timeframe} opens in {format_utc(start_ns)} to {format_utc(end_ns)} and"
            f" has closed by {format_utc(now_ns)}",
            start=format_utc(start_ns),
            end=format_utc(end_ns),
        )
    return _Period(key, timeframe, first_ns, last_ns)


def _is_stored(store: SeriesStore, key: SeriesKey) -> bool:
    try:
        store.manifest(key)
    except SeriesNotFound:
        return False
    return True


def _report(store: SeriesStore, period: _Period, work: _Work) -> FetchReport:
    times = period.times(store)
    if not times:
        raise NoBarsOffered(
            f"{period.key.instrument.venue} has no bar of {period.key} from {period}",
            series=str(period.key),
        )
    step_ns = period.timeframe.nanoseconds
    rows = sum(map(len, times))
    first_ns, last_ns = int(times[0][0]), int(times[-1][-1])
    return FetchReport(
        key=period.key,
        rows=rows,
        added=work.added,
        start_ns=first_ns,
        end_ns=last_ns + step_ns,
        gaps=(last_ns - first_ns) // step_ns + 1 - rows,
        requests=work.requests,
        coverage=Coverage(period.start_ns, first_ns),
        hash=store.dataset_hash(period.key, period.start_ns, period.end_ns),
    )
