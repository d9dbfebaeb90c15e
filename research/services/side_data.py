"""What a run reads beside its bars: funding rates and finer bars."""

from hashlib import sha256
from typing import Final

import numpy as np

from common.data_pipeline.arrays import to_numpy
from common.data_pipeline.exceptions import SeriesNotFound
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Bars
from common.domain.enums import SeriesKind
from common.domain.funding import FundingRates
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from research.exceptions import DetailMissing

# Most venues; it stands in where a single stored rate does not tell.
_FUNDING_INTERVAL_NS: Final = Timeframe.H8.nanoseconds


def load_funding(store: SeriesStore, instrument: InstrumentId) -> FundingRates | None:
    """Return all stored funding rates of a perpetual, or None where there are none.

    Notes
    -----
    Mark prices are not stored; the engines take the open of the bar in their place.
    """
    try:
        table = store.read_table(SeriesKey(instrument, SeriesKind.FUNDING))
    except SeriesNotFound:
        return None
    times = to_numpy(table["ts_ns"])
    return FundingRates(times, to_numpy(table["rate"]), np.full(len(times), np.nan))


def first_missing_funding(
    rates: FundingRates | None, start_ns: int, end_ns: int
) -> tuple[int, int] | None:
    """Return the first stretch of a period without the rates that belong there, or None.

    Notes
    -----
    Rates are due as often as most of the stored ones follow each other.
    """
    if rates is None:
        return start_ns, end_ns
    times = rates.ts_ns
    interval_ns = np.median(np.diff(times)) if len(times) > 1 else _FUNDING_INTERVAL_NS
    # They come some milliseconds late, and differ by less than half an interval.
    longest_ns = 1.5 * interval_ns
    near = times[(times > start_ns - longest_ns) & (times < end_ns + longest_ns)]
    if not len(near):
        return start_ns, end_ns
    marks = np.concatenate([[min(start_ns, near[0])], near, [max(end_ns, near[-1])]])
    late = np.flatnonzero(np.diff(marks) > longest_ns)
    return (int(marks[late[0]]), int(marks[late[0] + 1])) if len(late) else None


def funding_hash(rates: FundingRates) -> str:
    """Return a hash of times and rates, equal if and only if they are."""
    digest = sha256(rates.ts_ns.astype("<i8", copy=False).tobytes())
    for values in (rates.rate, rates.mark):
        digest.update(values.astype("<f8", copy=False).tobytes())
    return digest.hexdigest()


def load_detail(store: SeriesStore, key: SeriesKey, period: Bars) -> Bars:
    """Return the finer bars of a period.

    Parameters
    ----------
    key
        The series of finer bars.
    period
        The bars that they are to look into.

    Raises
    ------
    DetailMissing
        If their timeframe does not divide that of the bars, none are stored, or they do
        not begin and end with the period.
    """
    fine, coarse = _timeframe(key), period.timeframe
    if fine.nanoseconds >= coarse.nanoseconds or coarse.nanoseconds % fine.nanoseconds:
        raise DetailMissing(f"bars of {fine} do not divide those of {coarse}", series=str(key))
    start_ns = int(period.open_ns[0])
    end_ns = int(period.open_ns[-1]) + coarse.nanoseconds
    try:
        bars = store.read_bars(key, start_ns, end_ns)
    except SeriesNotFound as e:
        raise DetailMissing(f"{key} is not stored: import it, or leave it out") from e
    covers = len(bars) and (
        bars.open_ns[0] < start_ns + coarse.nanoseconds
        and bars.open_ns[-1] >= end_ns - coarse.nanoseconds
    )
    if not covers:
        raise DetailMissing(f"{key} does not cover the whole period of the run", series=str(key))
    return bars


def _timeframe(key: SeriesKey) -> Timeframe:
    if key.timeframe is None:
        raise DetailMissing(f"{key} holds no bars", series=str(key))
    return key.timeframe
