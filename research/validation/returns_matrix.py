"""Metrics of thousands of runs at once, from the returns of each in a column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.timeframe import Timeframe
from portfolio.metrics import drawdown, ratios, returns
from portfolio.metrics.daily import DAY_NS, day_ends, simple_returns

KEYS: Final = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar",
)  # fmt: skip
# Numbers in one block of columns; some five arrays of this size are alive at a time.
_BLOCK: Final = 1 << 21


@dataclass(frozen=True, eq=False, slots=True)
class ColumnMetrics:
    """Metrics of many runs.

    Parameters
    ----------
    values
        For each of `KEYS` an ndarray of float64, shape (n_columns,), NaN where undefined, never
        infinite. Meanings and units are those of the summary of one run.
    usable : ndarray of bool, shape (n_columns,)
        Whether all returns of the column are finite; where not, every metric is NaN.
    """

    values: Mapping[str, Floats]
    usable: NDArray[np.bool_]


def column_metrics(bar_returns: Floats, *, open_ns: Times, timeframe: Timeframe) -> ColumnMetrics:
    """Compute the metrics of every column.

    Parameters
    ----------
    bar_returns : ndarray of float64, shape (n_bars, n_columns)
        Simple returns of equity over each bar, fractions, from its close before (from the
        starting cash for the first) to its close.
    open_ns : ndarray of int64, shape (n_bars,)
        Open times of the bars of the period, increasing, at least one.
    timeframe
        Length of a bar.

    Raises
    ------
    InvalidInput
        If the arrays do not fit together.
    InvalidArgument
        If there is no bar.

    Notes
    -----
    The same functions as for one run, so a column here and a summary there are equal to
    rounding: daily marks of UTC days, 365 days a year, drawdown on the marks of bars. Columns
    are taken in blocks of about 16 MB, so memory does not grow with their number.

    A return of less than -1 is debt, of which the equity of later bars is a product without
    meaning; ratios from daily returns are then NaN, as for one run.

    Examples
    --------
    Two days, on which one column gains a half and loses a half, and the other is broken:

    >>> found = column_metrics(
    ...     np.array([[0.5, 0.1], [-0.5, np.nan]]),
    ...     open_ns=np.arange(2) * Timeframe.D1.nanoseconds,
    ...     timeframe=Timeframe.D1,
    ... )
    >>> found.values["total_return"].tolist(), found.values["max_drawdown"].tolist()
    ([-0.25, nan], [0.5, nan])
    >>> found.usable.tolist()
    [True, False]
    """
    _check(bar_returns, open_ns)
    n_bars, n_columns = bar_returns.shape
    days = (int(open_ns[-1] - open_ns[0]) + timeframe.nanoseconds) / DAY_NS
    values = {key: np.full(n_columns, np.nan) for key in KEYS}
    usable = np.zeros(n_columns, np.bool_)
    ends = day_ends(open_ns)
    size = max(1, _BLOCK // n_bars)
    for first in range(0, n_columns, size):
        block = slice(first, first + size)
        usable[block] = np.isfinite(bar_returns[:, block]).all(axis=0)
        columns = first + np.flatnonzero(usable[block])
        with np.errstate(over="ignore", invalid="ignore"):
            for key, metric in _metrics(bar_returns[:, columns], ends, days=days).items():
                values[key][columns] = np.where(np.isfinite(metric), metric, np.nan)
    return ColumnMetrics(values, usable)


def _metrics(block: Floats, ends: NDArray[np.intp], *, days: float) -> dict[str, Floats]:
    marks = np.cumprod(1.0 + block, axis=0, dtype=np.float64)
    daily = simple_returns(marks[ends], initial=1.0)
    growth = returns.cagr(marks[-1], initial=1.0, days=days)
    depth = drawdown.max_drawdown(drawdown.drawdowns(marks, initial=1.0))
    return {
        "total_return": returns.total_return(marks[-1], initial=1.0),
        "cagr": growth,
        "volatility": ratios.volatility(daily),
        "sharpe": ratios.sharpe(daily),
        "sortino": ratios.sortino(daily),
        "max_drawdown": depth,
        "calmar": ratios.calmar(growth, depth),
    }


def _check(bar_returns: Floats, open_ns: Times) -> None:
    if not len(open_ns):
        raise InvalidArgument("there are no bars")
    if bar_returns.dtype != np.float64 or bar_returns.shape[:1] != open_ns.shape:
        raise InvalidInput(
            f"returns have type {bar_returns.dtype} and shape {bar_returns.shape}, times"
            f" {open_ns.shape}"
        )
    if bar_returns.ndim != 2:
        raise InvalidInput(f"returns have shape {bar_returns.shape}, must have two dimensions")
