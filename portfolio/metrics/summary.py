"""Every statistic of one run, from its fills and marks."""

from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Final, NamedTuple

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.enums import OrderSide
from common.domain.errors import Extra, InvalidInput
from common.domain.fills import Fills
from common.domain.time import format_utc
from portfolio.metrics import (
    activity,
    benchmark,
    drawdown,
    positions,
    ratios,
    returns,
    tails,
    trip_statistics,
)
from portfolio.metrics.daily import day_ends, simple_returns
from portfolio.metrics.quotient import quotient
from portfolio.metrics.round_trips import RoundTrips, round_trips
from portfolio.metrics.sheet import Sheet, Statistic

KEYS: Final = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown",
    "max_drawdown_seconds", "calmar", "ulcer_index", "var_95", "cvar_95", "skew", "kurtosis",
    "tail_ratio", "exposure", "turnover", "n_fills", "n_round_trips", "win_rate",
    "profit_factor", "expectancy", "payoff", "sqn", "fees", "max_consecutive_losses", "mae",
    "mfe", "alpha", "beta", "benchmark_return",
)  # fmt: skip

_CONSTANT: Final = "the daily returns do not vary"
_DAILY: Final = (
    Statistic("volatility", ratios.volatility, 2),
    Statistic("sharpe", ratios.sharpe, 2, _CONSTANT),
    Statistic("sortino", ratios.sortino, 1, "no daily return is negative"),
    Statistic("var_95", tails.var_95),
    Statistic("cvar_95", tails.cvar_95),
    Statistic("skew", tails.skew, 2, _CONSTANT),
    Statistic("kurtosis", tails.kurtosis, 2, _CONSTANT),
    Statistic("tail_ratio", tails.tail_ratio, 1, "the 5 % quantile of daily returns is zero"),
)
_TRIPS: Final = (
    Statistic("win_rate", trip_statistics.win_rate),
    Statistic("profit_factor", trip_statistics.profit_factor, 1, "no round trip lost"),
    Statistic("expectancy", trip_statistics.expectancy),
    Statistic("payoff", trip_statistics.payoff, 1, "no round trip won, or none lost"),
    Statistic("sqn", trip_statistics.sqn, 2, "the net PnL of round trips does not vary"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The statistics of a run.

    Parameters
    ----------
    values
        A number for each of `KEYS`, in their order; None where it is undefined, never an
        infinity or NaN. Fractions and ratios, but for `expectancy` and `fees` (quote
        currency), `max_drawdown_seconds` and the counts.
    undefined
        For each key that is None, why.
    open_round_trip
        Facts of the round trip still held at the last close, as JSON values, or None.
    funding_paid
        Funding paid over the run, quote currency, > 0 is paid. It is in equity and all that
        follows from it, but neither in `fees` nor in the net PnL of round trips.
    """

    values: dict[str, float | int | None]
    undefined: dict[str, str]
    open_round_trip: dict[str, Extra] | None
    funding_paid: float = 0.0


def summarise(
    *,
    fills: Fills,
    equity: Floats,
    bars: Bars,
    initial_cash: float,
    lot: float,
    funding_paid: float = 0.0,
) -> Summary:
    """Compute every statistic of one run.

    Parameters
    ----------
    fills : structured array of FILL_DTYPE, shape (n_fills,)
        Executions in time order, beginning flat, all within the bars.
    equity : ndarray of float64, shape (n_bars,)
        Cash plus position at each close, quote currency.
    bars
        The bars of the period, without the warm-up; of a ruined run those up to its ruin.
    initial_cash
        Starting cash, quote currency, > 0.
    lot
        Smallest step of a quantity, base currency, > 0.
    funding_paid
        Funding paid over the run, quote currency, > 0 is paid.

    Raises
    ------
    InvalidInput
        If equity does not fit the bars or is not finite, the cash or the lot is not positive,
        or the fills are not executions in time order within the bars.

    Notes
    -----
    A year has 365 days, days are UTC, and a day without a bar is no observation. The period
    ends at the last open plus one timeframe.

    Undefined, besides what each function says: everything from daily returns once a day begins
    with equity of zero or less, and everything from marks without bars. Counts and sums over
    nothing are zero: `n_fills`, `n_round_trips`, `fees`, `max_consecutive_losses`, and the
    `max_drawdown_seconds` of a run that never fell.

    `fees` and `turnover` count all fills, those of an open round trip included; statistics of
    round trips count the closed ones. `mae` and `mfe` are means over them.

    Examples
    --------
    Bought one at 100, sold at 120 a day later, no fee:

    >>> from common.domain.fills import FILL_DTYPE
    >>> from common.domain.timeframe import Timeframe
    >>> opens = np.arange(2) * Timeframe.D1.nanoseconds
    >>> bars = Bars(Timeframe.D1, opens, *np.full((5, 2), 100.0))
    >>> fills = np.zeros(2, FILL_DTYPE)
    >>> fills["ts_ns"], fills["side"], fills["quantity"] = opens, (1, -1), 1.0
    >>> fills["price"] = (100.0, 120.0)
    >>> found = summarise(fills=fills, equity=np.array([100.0, 120.0]), bars=bars,
    ...                   initial_cash=100.0, lot=1.0)
    >>> found.values["expectancy"], found.values["exposure"], found.values["cagr"]
    (20.0, 0.5, None)
    >>> found.undefined["cagr"]
    'the period has 2 days, at least 30 needed'
    """
    _check(equity, bars, initial_cash)
    run = _Run(fills, equity, bars, initial_cash, returns.period_days(bars))
    trips = round_trips(fills, lot=lot, bars=bars)
    sheet = Sheet(None if len(bars) else "there are no bars")
    _put_growth(sheet, run)
    _put_daily(sheet, run)
    _put_activity(sheet, run, positions.held_after(fills, lot=lot))
    _put_trips(sheet, trips)
    return Summary(
        values={key: sheet.values[key] for key in KEYS},
        undefined=sheet.undefined,
        open_round_trip=_open_facts(trips),
        funding_paid=funding_paid,
    )


class _Run(NamedTuple):
    fills: Fills
    equity: Floats
    bars: Bars
    cash: float
    days: float


def _put_growth(sheet: Sheet, run: _Run) -> None:
    final = run.equity[-1] if len(run.equity) else np.nan
    depths = drawdown.drawdowns(run.equity, initial=run.cash)
    depth = drawdown.max_drawdown(depths)
    growth = returns.cagr(final, initial=run.cash, days=run.days)
    short = run.days < returns.CAGR_MIN_DAYS
    no_growth = (
        f"the period has {run.days:g} days, at least {returns.CAGR_MIN_DAYS} needed"
        if short
        else "equity ended below zero"
    )
    no_calmar = "there was no drawdown" if np.isfinite(growth) else f"cagr: {no_growth}"
    seconds = drawdown.max_drawdown_seconds(depths, bars=run.bars) if len(run.bars) else np.nan

    sheet.put("total_return", returns.total_return(final, initial=run.cash))
    sheet.put("cagr", growth, no_growth)
    sheet.put("max_drawdown", depth)
    sheet.put("max_drawdown_seconds", seconds)
    sheet.put("calmar", ratios.calmar(growth, depth), no_calmar)


def _put_daily(sheet: Sheet, run: _Run) -> None:
    ends = day_ends(run.bars.open_ns)
    marks = run.equity[ends]
    held = benchmark.holding(run.bars.close, initial=run.cash)
    market = simple_returns(held[ends], initial=run.cash)
    against = (
        Statistic("alpha", partial(benchmark.alpha, benchmark=market), 2, "beta is undefined"),
        Statistic("beta", partial(benchmark.beta, benchmark=market), 2, "the market did not move"),
    )
    sheet.put_all(
        (*_DAILY, *against), simple_returns(marks, initial=run.cash), noun="daily returns"
    )
    sheet.put("ulcer_index", drawdown.ulcer_index(marks, initial=run.cash))
    final = held[-1] if len(held) else np.nan
    sheet.put("benchmark_return", returns.total_return(final, initial=run.cash))


def _put_activity(sheet: Sheet, run: _Run, held: Floats) -> None:
    bar = positions.bar_positions(run.fills["ts_ns"], bars=run.bars)
    traded = float((run.fills["price"] * run.fills["quantity"]).sum())
    sheet.put("exposure", activity.exposure(held, bar=bar, n_bars=len(run.bars)))
    sheet.put(
        "turnover",
        activity.turnover(traded, equity=run.equity, days=run.days),
        "mean equity is not positive",
    )
    sheet.put("n_fills", len(run.fills))
    sheet.put("fees", run.fills["fee"].sum())


def _put_trips(sheet: Sheet, trips: RoundTrips) -> None:
    noun = "closed round trips"
    net_pnl = trips.closed["net_pnl"]
    sheet.put_all(_TRIPS, net_pnl, noun=noun)
    sheet.put("n_round_trips", len(net_pnl))
    sheet.put("max_consecutive_losses", trip_statistics.max_consecutive_losses(net_pnl))
    for key in ("mae", "mfe"):
        sheet.put_all((Statistic(key, _mean),), trips.closed[key], noun=noun)


def _mean(values: Floats) -> Floats:
    return quotient(values.sum(), len(values))


def _open_facts(trips: RoundTrips) -> dict[str, Extra] | None:
    if not len(trips.open):
        return None
    trip = trips.open[0]
    return {
        "entry_at": format_utc(trip["entry_ns"]),
        "side": OrderSide(trip["side"]).name,
        "quantity": abs(trips.open_quantity),
        **{key: float(trip[key]) for key in ("entry_price", "fees", "net_pnl", "mae", "mfe")},
    }


def _check(equity: Floats, bars: Bars, initial_cash: float) -> None:
    if not (isfinite(initial_cash) and initial_cash > 0):
        raise InvalidInput(f"the starting cash is {initial_cash}, must be positive")
    if equity.dtype != np.float64 or equity.shape != (len(bars),):
        raise InvalidInput(
            f"equity has type {equity.dtype} and shape {equity.shape}, bars ({len(bars)},)"
        )
    if not np.isfinite(equity).all():
        row = int(np.argmin(np.isfinite(equity)))
        raise InvalidInput(f"equity at bar {row} is {equity[row]}", row=row)
