"""Indicators of whole UTC days: the day's average price, and levels from the day before."""

from itertools import pairwise
from typing import Final

import numpy as np

from common.domain.bars import Floats, Times
from common.domain.time import NANOSECONDS
from common.indicators.indicator import Indicator, Memory
from common.indicators.windows import ratio

_DAY_NS: Final = 86_400 * NANOSECONDS


def _day_edges(open_ns: Times) -> list[int]:
    """Return the rows at which days known from their beginning start, and the end.

    The first day counts only if its first bar opens at midnight: of a day cut by the
    beginning of history, the morning is unknown.
    """
    days = open_ns // _DAY_NS
    edges = [*(np.flatnonzero(np.diff(days)) + 1).tolist(), len(open_ns)]
    if len(open_ns) and open_ns[0] % _DAY_NS == 0:
        return [0, *edges]
    return edges


def vwap(open_ns: Times, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:  # noqa: PLR0917 - a bar's columns
    """Return the average price since midnight UTC, weighted by volume, in price.

    Sum of volume * (high + low + close)/3 over the sum of volume, from the day's first
    bar to this one. NaN in a first day that history cuts, and until the day's first
    trade. TA-Lib's VWAP never starts anew.
    """
    traded = np.full(len(close), np.nan)
    weighted = np.full(len(close), np.nan)
    money = volume * (high + low + close) / 3
    edges = _day_edges(open_ns)
    for start, stop in pairwise(edges):
        traded[start:stop] = np.cumsum(volume[start:stop])
        weighted[start:stop] = np.cumsum(money[start:stop])
    return ratio(weighted, traded)


def pivots(open_ns: Times, high: Floats, low: Floats, close: Floats) -> tuple[Floats, ...]:  # noqa: PLR0917 - a bar's columns
    """Return the floor traders' pivot and its three supports and resistances, in price.

    From high H, low L and close C of the last UTC day with bars before the current one:
    P = (H + L + C)/3; R1 = 2P - L, S1 = 2P - H; R2 = P + (H - L), S2 = P - (H - L);
    R3 = H + 2(P - L), S3 = L - 2(H - P). NaN until a day known from its beginning is over.

    Returns
    -------
    tuple of seven ndarray of float64, shape (n_bars,)
        P, R1, R2, R3, S1, S2, S3; constant within a day.
    """
    before = np.full((3, len(close)), np.nan)
    edges = _day_edges(open_ns)
    for start, stop, end in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        before[0, stop:end] = high[start:stop].max()
        before[1, stop:end] = low[start:stop].min()
        before[2, stop:end] = close[stop - 1]
    top, bottom, last = before
    pivot = (top + bottom + last) / 3
    span = top - bottom
    return (
        pivot,
        2 * pivot - bottom,
        pivot + span,
        top + 2 * (pivot - bottom),
        2 * pivot - top,
        pivot - span,
        bottom - 2 * (top - pivot),
    )


DAILY: Final = (
    Indicator(
        key="vwap",
        summary="Average price since midnight UTC weighted by volume; NaN before any trade",
        source="Volume-weighted average price of the typical price, daily anchor",
        inputs=("open_ns", "high", "low", "close", "volume"),
        outputs=("vwap",),
        memory=Memory.WINDOW,
        function=vwap,
        bars_before=lambda _: 0,
        days_before=1,
    ),
    Indicator(
        key="pivots",
        summary="Floor traders' pivot, resistances and supports from the UTC day before",
        source="Person, A Complete Guide to Technical Trading Tactics, 2004",
        inputs=("open_ns", "high", "low", "close"),
        outputs=("pivot", "r1", "r2", "r3", "s1", "s2", "s3"),
        memory=Memory.WINDOW,
        function=pivots,
        bars_before=lambda _: 0,
        days_before=2,
    ),
)
