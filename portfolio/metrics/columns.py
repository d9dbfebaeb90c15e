"""Statistics of many runs on the same bars at once, one column each."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from portfolio.metrics import drawdown, ratios, returns
from portfolio.metrics.daily import day_ends, simple_returns

KEYS: Final = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar",
    "ulcer_index", "exposure", "turnover", "n_fills", "n_round_trips", "fees",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFills:
    """Executions of many runs, sorted by run and time.

    Parameters
    ----------
    column : ndarray of int64, shape (n_fills,)
        Which run each is of.
    signed, price, fee : ndarray of float64, shape (n_fills,)
        Quantity with its sign (base currency), price and fee (quote currency).
    """

    column: NDArray[np.int64]
    signed: Floats
    price: Floats
    fee: Floats


def summarise_columns(
    *,
    fills: ColumnFills,
    equity: Floats,
    quantity: Floats,
    bars: Bars,
    initial_cash: float,
) -> dict[str, Floats]:
    """Compute for each run what `summarise` computes for one, as far as `KEYS` go.

    Parameters
    ----------
    fills
        All executions of all runs.
    equity, quantity : ndarray of float64, shape (n_bars, n_columns)
        Cash plus position (quote currency) and signed position at each close, exactly zero
        where flat. Round trips are read from these, so a run has a fill a bar at most.
    bars
        The bars of the period, at least one.
    initial_cash
        Starting cash of each, quote currency, > 0.

    Returns
    -------
    dict of ndarray of float64, shape (n_columns,)
        By key; NaN where a statistic is undefined, and in all of a column whose equity
        fell to zero or below, whose run ends there.
    """
    count = equity.shape[1]
    marks = equity[day_ends(bars.open_ns)]
    daily = simple_returns(marks, initial=initial_cash)
    depth = drawdown.max_drawdown(drawdown.drawdowns(equity, initial=initial_cash))
    days = returns.period_days(bars)
    growth = returns.cagr(equity[-1], initial=initial_cash, days=days)
    traded = _sum(fills, np.abs(fills.signed * fills.price), count)
    found = {
        "total_return": returns.total_return(equity[-1], initial=initial_cash),
        "cagr": growth,
        "volatility": ratios.volatility(daily),
        "sharpe": ratios.sharpe(daily),
        "sortino": ratios.sortino(daily),
        "max_drawdown": depth,
        "calmar": ratios.calmar(growth, depth),
        "ulcer_index": drawdown.ulcer_index(marks, initial=initial_cash),
        "exposure": np.count_nonzero(quantity, axis=0) / len(bars),
        "turnover": traded / equity.mean(axis=0) / (days / returns.YEAR_DAYS),
        "n_fills": _sum(fills, np.ones(len(fills.column)), count),
        "n_round_trips": _count_round_trips(quantity),
        "fees": _sum(fills, fills.fee, count),
    }
    ruined = (equity <= 0).any(axis=0)
    return {key: np.where(ruined, np.nan, np.asarray(found[key], np.float64)) for key in KEYS}


def _sum(fills: ColumnFills, values: Floats, count: int) -> Floats:
    return np.bincount(fills.column, weights=values, minlength=count).astype(np.float64)


def _count_round_trips(quantity: Floats) -> Floats:
    """Return how often each position came back to zero or changed its sign."""
    side = (quantity > 0).astype(np.int8) - (quantity < 0)
    ended = (side[:-1] != 0) & (side[1:] != side[:-1])
    counts: Floats = np.count_nonzero(ended, axis=0).astype(np.float64)
    return counts
