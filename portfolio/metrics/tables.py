"""Return, PnL and closed round trips per day, week, month, year and weekday."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats, Times
from portfolio.metrics.daily import DAY_NS, day_ends, simple_returns
from portfolio.metrics.positions import bar_positions

# 1970-01-01 was a Thursday, three days after a Monday.
_THURSDAY: Final = 3
_WEEKDAYS: Final = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip


class Period(StrEnum):
    """What a table's rows stand for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """What happened in one period, or on all days of one name.

    Parameters
    ----------
    period
        `2019-10-17`, `2019-W42` (ISO 8601, from Monday), `2019-10`, `2019` or `Thursday`.
    days
        UTC days with a bar.
    total_return
        Daily returns compounded, a fraction; None after equity was zero or less.
    pnl
        Change of equity, quote currency.
    n_round_trips
        Round trips that closed.
    """

    period: str
    days: int
    total_return: float | None
    pnl: float
    n_round_trips: int


def performance_table(
    period: Period, *, equity: Floats, bars: Bars, initial_cash: float, exits_ns: Times
) -> list[PeriodRow]:
    """Return one row for each period in which a bar opens, oldest first or from Monday.

    Parameters
    ----------
    period
        What the rows stand for.
    equity : ndarray of float64, shape (n_bars,)
        Equity at the close of each bar, quote currency.
    bars
        The bars of the period.
    initial_cash
        Equity before the first bar, quote currency, > 0.
    exits_ns : ndarray of int64, shape (n_round_trips,)
        Times at which round trips closed, within the bars.

    Raises
    ------
    InvalidInput
        If a round trip closed outside the bars.

    Notes
    -----
    Days are UTC, and a bar, or a round trip that closed in it, belongs to the day in which the
    bar opens. For all but weekdays the compounded return is ``end / beginning - 1``.

    Examples
    --------
    >>> from common.domain.timeframe import Timeframe
    >>> opens = np.arange(2) * DAY_NS
    >>> bars = Bars(Timeframe.D1, opens, *np.ones((5, 2)))
    >>> for row in performance_table(Period.MONTH, equity=np.array([150.0, 75.0]), bars=bars,
    ...                              initial_cash=100.0, exits_ns=opens[:1]):
    ...     print(row)
    PeriodRow(period='1970-01', days=2, total_return=-0.25, pnl=-25.0, n_round_trips=1)
    """
    ends = day_ends(bars.open_ns)
    if not len(ends):
        return []
    marks = equity[ends]
    exit_bars = bar_positions(exits_ns, bars=bars)
    exits = np.bincount(np.searchsorted(ends, exit_bars), minlength=len(ends))

    keys = _KEYS[period](bars.open_ns[ends] // DAY_NS)
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=keys[order][:1] - 1))
    growth = 1.0 + simple_returns(marks, initial=initial_cash)
    columns = (
        np.diff(starts, append=len(order)),
        np.multiply.reduceat(growth[order], starts) - 1.0,
        np.add.reduceat(np.diff(marks, prepend=initial_cash)[order], starts),
        np.add.reduceat(exits[order], starts),
    )
    labels = map(_LABELS[period], keys[order][starts].tolist())
    rows = zip(labels, *(column.tolist() for column in columns), strict=True)
    return [
        PeriodRow(label, days, None if isnan(total) else total, pnl, closed)
        for label, days, total, pnl, closed in rows
    ]


type _Days = NDArray[np.int64]


type _Unit = Literal["D", "M", "Y"]


def _in_unit(unit: _Unit) -> Callable[[_Days], _Days]:
    return lambda days: days.astype("M8[D]").astype(f"M8[{unit}]").astype(np.int64)


def _date(unit: _Unit) -> Callable[[int], str]:
    return lambda key: str(np.datetime64(key, unit))


def _iso_week(week: int) -> str:
    monday = np.datetime64(week * 7 - _THURSDAY, "D").item()
    return f"{monday:%G-W%V}"


_KEYS: Final[dict[Period, Callable[[_Days], _Days]]] = {
    Period.DAY: lambda days: days,
    Period.WEEK: lambda days: (days + _THURSDAY) // 7,
    Period.MONTH: _in_unit("M"),
    Period.YEAR: _in_unit("Y"),
    Period.WEEKDAY: lambda days: (days + _THURSDAY) % 7,
}
_LABELS: Final[dict[Period, Callable[[int], str]]] = {
    Period.DAY: _date("D"),
    Period.WEEK: _iso_week,
    Period.MONTH: _date("M"),
    Period.YEAR: _date("Y"),
    Period.WEEKDAY: _WEEKDAYS.__getitem__,
}
