"""Longer bars from shorter ones, exactly; a bar of which any part is missing is left out."""

from collections.abc import Iterable, Iterator
from math import fsum

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import MergeReport, SeriesStore
from common.domain.bars import PRICE_COLUMNS, Bars, Floats
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe


def resample_bars(bars: Bars, timeframe: Timeframe) -> Bars:
    """Return bars of a longer timeframe.

    Parameters
    ----------
    bars
        Bars on their timeframe's grid.
    timeframe
        A multiple of the bars' timeframe.

    Raises
    ------
    InvalidArgument
        If the timeframe is not a multiple.
    InvalidInput
        If a bar does not open on the grid.

    Notes
    -----
    Open is the first open, high the highest high, low the lowest low, close the last close,
    volume the sum, rounded once: the order and the machine leave no trace in it. A bar needs
    every one of its parts: one that is missing, at the edges or inside, drops it.

    Examples
    --------
    >>> minute = 60_000_000_000
    >>> prices = np.array([1.0, 2.0, 3.0, 4.0])
    >>> minutes = Bars(Timeframe.M1, minute * np.arange(4), *[prices.copy() for _ in range(5)])
    >>> resample_bars(minutes, Timeframe.M3).volume
    array([6.])
    """
    ratio = _ratio(bars.timeframe, timeframe)
    if len(bars) == 0 or ratio == 1:
        return Bars(timeframe, bars.open_ns, *(getattr(bars, name) for name in PRICE_COLUMNS))
    _check_grid(bars)
    opens = timeframe.floor(bars.open_ns)
    first = np.concatenate([[0], np.flatnonzero(np.diff(opens)) + 1])
    parts = np.diff(first, append=len(bars))
    whole = parts == ratio
    return Bars(
        timeframe,
        opens[first[whole]],
        bars.open[first[whole]],
        np.maximum.reduceat(bars.high, first)[whole],
        np.minimum.reduceat(bars.low, first)[whole],
        bars.close[(first + parts - 1)[whole]],
        _sums(bars.volume, first[whole], ratio),
    )


def resample_parts(parts: Iterable[Bars], timeframe: Timeframe) -> Iterator[Bars]:
    """Yield the longer bars of a series that comes in parts, oldest first.

    A longer bar that lies across two parts is made of both.

    Raises
    ------
    InvalidArgument, InvalidInput
        As `resample_bars`.
    """
    rest: Bars | None = None
    for part in parts:
        known = part if rest is None else rest.joined(part)
        # Only the last of the longer bars can still get parts.
        last = np.searchsorted(known.open_ns, timeframe.floor(known.open_ns[-1:])[0])
        yield resample_bars(known.rows(0, int(last)), timeframe)
        rest = known.rows(int(last), len(known))
    if rest is not None:
        yield resample_bars(rest, timeframe)


def resample_series(
    store: SeriesStore, key: SeriesKey, timeframe: Timeframe, *, replace: bool = False
) -> MergeReport:
    """Store the longer bars of a stored series; memory holds a month of the shorter ones.

    Raises
    ------
    InvalidArgument, InvalidInput
        As `resample_bars`.
    PlatformError
        As `SeriesStore.iter_bars` and `SeriesStore.merge_bars`; `NoRows` if no longer bar is
        complete.
    """
    target = SeriesKey.bars(key.instrument, timeframe)
    batches = (BarRows.of(bars) for bars in resample_parts(store.iter_bars(key), timeframe))
    return store.merge_bars(target, batches, replace=replace)


def _ratio(short: Timeframe, long: Timeframe) -> int:
    ratio, rest = divmod(long.nanoseconds, short.nanoseconds)
    if rest or not ratio:
        raise InvalidArgument(
            f"bars of {long} cannot be made of bars of {short}: not a multiple",
            timeframe=str(long),
            source=str(short),
        )
    return ratio


def _check_grid(bars: Bars) -> None:
    off = bars.open_ns != bars.timeframe.floor(bars.open_ns)
    if off.any():
        moment = format_utc(int(bars.open_ns[np.argmax(off)]))
        raise InvalidInput(
            f"the bar at {moment} does not open on the grid of {bars.timeframe}", time=moment
        )


def _sums(values: Floats, first: NDArray[np.intp], count: int) -> Floats:
    rows = values[first[:, None] + np.arange(count)]
    return np.array([fsum(row) for row in rows.tolist()], np.float64)
