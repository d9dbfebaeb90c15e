"""What is wrong with a stored series, alone and against another venue's."""

from common.data_pipeline.compare import compare_bars
from common.data_pipeline.comparison import Comparison
from common.data_pipeline.events.quality import EventQuality, report_events
from common.data_pipeline.events.reading import verify_events
from common.data_pipeline.quality import QualityReport, check_bars
from common.data_pipeline.store import SeriesStore
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe


def check_series(
    *, store: SeriesStore, key: SeriesKey, now_ns: int | None = None
) -> QualityReport:
    """Return the quality report of stored bars; a stale end only if the time is given.

    Raises
    ------
    SeriesNotFound
        If nothing is stored of the series.
    StoreCorrupted
        If a data file does not hold what was written.
    """
    store.verify(key)
    return check_bars(store.iter_bars(key), _timeframe(key), now_ns=now_ns)


def check_events(*, store: SeriesStore, key: SeriesKey) -> EventQuality:
    """Return what is wrong with stored order-book events.

    Raises
    ------
    SeriesNotFound
        If nothing is stored of the series.
    StoreCorrupted
        If a file does not hold what was written, or events are out of order.
    """
    return report_events(verify_events(store, key))


def compare_series(*, store: SeriesStore, key: SeriesKey, venue: str) -> Comparison:
    """Hold a series against that of the same instrument at another venue.

    Raises
    ------
    SeriesNotFound
        If one of them is not stored.
    InvalidArgument
        If it is the same venue.
    """
    other = SeriesKey.bars(InstrumentId(key.instrument.symbol, venue.upper()), _timeframe(key))
    if other == key:
        raise InvalidArgument(f"{key} cannot be held against itself", venue=venue)
    return compare_bars(
        store.iter_bars(key),
        store.iter_bars(other),
        _timeframe(key),
        names=(key.instrument.venue, other.instrument.venue),
    )


def _timeframe(key: SeriesKey) -> Timeframe:
    if key.timeframe is None:
        raise InvalidArgument(f"{key} holds no bars")
    return key.timeframe
