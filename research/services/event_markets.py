"""The market of a run on recorded events: their files, and the bars that their trades make."""

from dataclasses import replace

from common.data_pipeline.events.reading import read_event_files
from common.data_pipeline.events.resample import bars_from_events
from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentSpec, SeriesKey
from common.domain.time import format_utc
from research.domain.backtest import Market
from research.domain.question import RunQuestion
from research.exceptions import NoBarsInPeriod


def events_key(spec: InstrumentSpec) -> SeriesKey:
    """Return the series of an instrument's recorded events."""
    return SeriesKey(spec.id, SeriesKind.EVENTS)


def has_events(store: SeriesStore, spec: InstrumentSpec) -> bool:
    """Return whether recorded events of an instrument are stored."""
    try:
        store.manifest(events_key(spec))
    except SeriesNotFound:
        return False
    return True


def load_event_market(
    *, store: SeriesStore, spec: InstrumentSpec, question: RunQuestion, warm_up: int
) -> Market:
    """Read which files make the period, and the bars of it and of the warm-up before it.

    Returns
    -------
    Market
        Its sizes are those that the recording states; its period begins with the first
        bar that opens in the question's and ends with the last that closes in it.

    Raises
    ------
    SeriesNotFound
        If no events of the instrument are stored.
    NoRows
        If none are stored in the period.
    NoBarsInPeriod
        If its trades make no whole bar.
    StoreCorrupted
        If a file is not what was written.
    """
    key, length_ns = events_key(spec), question.timeframe.nanoseconds
    start_ns = question.start_ns
    before_ns = None if start_ns is None else start_ns - warm_up * length_ns
    try:
        files = read_event_files(store, key, before_ns, question.end_ns)
    except SeriesNotFound as e:
        raise SeriesNotFound(f"{e.detail}; import_events stores recorded events", **e.extra) from e
    bars = bars_from_events(files, question.timeframe)
    first = 0 if start_ns is None else int(bars.open_ns.searchsorted(start_ns))
    if first == len(bars):
        raise NoBarsInPeriod(
            f"{key} has no whole bar of {question.timeframe} in the period; stored is"
            f" {format_utc(files.start_ns)} to {format_utc(files.end_ns)}",
            series=str(key),
        )
    begin_ns, end_ns = int(bars.open_ns[first]), int(bars.open_ns[-1]) + length_ns
    period = read_event_files(store, key, begin_ns, end_ns)
    return Market(
        instrument=replace(spec, lot=files.lot, tick=files.tick),
        bars=bars,
        first=first,
        events=replace(period, start_ns=begin_ns, end_ns=end_ns),
    )
