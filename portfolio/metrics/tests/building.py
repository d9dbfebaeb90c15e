"""Small markets and executions written down as rows."""

from collections.abc import Sequence

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.time import NANOSECONDS
from common.domain.timeframe import Timeframe

HOUR_NS = 3_600 * NANOSECONDS
DAY_NS = 24 * HOUR_NS

type BarRow = tuple[int, float, float, float, float]
type FillRow = tuple[int, int, float, float, float]


def bars_of(rows: Sequence[BarRow], *, timeframe: Timeframe = Timeframe.H1) -> Bars:
    """Return bars from rows of open time (hours since 1970), open, high, low and close."""
    hours = np.array([row[0] for row in rows], np.int64)
    columns = np.ones((5, len(rows)))
    columns[:4] = np.array([row[1:] for row in rows], np.float64).reshape(-1, 4).T
    return Bars(timeframe, hours * HOUR_NS, *columns)


def flat_bars(count: int, *, price: float = 100.0, timeframe: Timeframe = Timeframe.H1) -> Bars:
    """Return bars without a hole at one price, from 1970 on."""
    opens = np.arange(count) * timeframe.nanoseconds
    return Bars(timeframe, opens, *np.full((5, count), price))


def daily_bars(closes: Sequence[float] | Floats) -> Bars:
    """Return one bar a day with these closes, from 1970 on."""
    columns = np.tile(np.array(closes, np.float64), (5, 1))
    return Bars(Timeframe.D1, np.arange(len(closes)) * DAY_NS, *columns)


def fills_of(rows: Sequence[FillRow]) -> Fills:
    """Return fills from rows of time (hours since 1970), side, quantity, price and fee."""
    fills = np.zeros(len(rows), FILL_DTYPE)
    for fill, (hour, side, quantity, price, fee) in zip(fills, rows, strict=True):
        fill["ts_ns"] = hour * HOUR_NS
        fill["side"], fill["quantity"], fill["price"], fill["fee"] = side, quantity, price, fee
    return fills
