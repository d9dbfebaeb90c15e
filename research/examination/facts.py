"""What a run and a sweep left in the ledger, as tools are given it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.domain.enums import FillReason
from common.domain.fills import Fills
from common.domain.time import format_utc
from portfolio.metrics.daily import day_ends
from portfolio.metrics.round_trips import round_trips
from research.domain.backtest import BacktestRequest, Market, NativeRequest
from research.validation.daily_facts import daily_returns
from research.validation.day_matrix import DayMatrix
from research.validation.thresholds import DEFAULTS, Thresholds
from trading.strategies.parameters import Value


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TrialFacts:
    """What was tried on the instrument and the period.

    Parameters
    ----------
    count
        Trials of the lineage in the ledger.
    sharpes : ndarray of float64, shape (n_known_trials,)
        The daily Sharpe ratio of each, NaN where it has none.
    """

    count: int
    sharpes: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class RunFacts:
    """What one run left.

    Parameters
    ----------
    bars
        Those of the period.
    fills : structured array of FILL_DTYPE
        Executions in time order.
    equity : ndarray of float64, shape (n_bars,)
        At each close, quote currency, positive.
    cash
        Starting cash, quote currency.
    lot
        Smallest step of a quantity, base currency.
    trials
        What it was chosen from.
    thresholds
        What is asked of it.
    """

    bars: Bars
    fills: Fills
    equity: Floats
    cash: float
    lot: float
    trials: TrialFacts
    thresholds: Thresholds = DEFAULTS

    @cached_property
    def daily(self) -> Floats:
        """Simple return of each UTC day that has a bar, shape (n_days,)."""
        marks = self.equity[:, None]
        return daily_returns(marks, open_ns=self.bars.open_ns, initial=self.cash)[:, 0]

    @property
    def days(self) -> list[str]:
        """The date of each of these days."""
        ends = self.bars.open_ns[day_ends(self.bars.open_ns)]
        return [format_utc(int(each))[:10] for each in ends]

    @property
    def before(self) -> Floats:
        """Equity before each bar, shape (n_bars,), quote currency."""
        return np.concatenate([[self.cash], self.equity[:-1]])

    @property
    def bar_returns(self) -> Floats:
        """Simple return of equity over each bar, shape (n_bars,)."""
        return self.equity / self.before - 1.0

    @cached_property
    def trips(self) -> NDArray[np.void]:
        """Closed round trips, as `portfolio.metrics.round_trips` describes them."""
        return round_trips(self.fills, lot=self.lot, bars=self.bars).closed

    @property
    def held(self) -> Floats:
        """Signed quantity held from the open of each bar on, shape (n_bars,), base currency.

        What a stop closes within a bar was held from its open: it leaves after the bar.
        """
        place = np.searchsorted(self.bars.open_ns, self.fills["ts_ns"], side="right") - 1
        stopped = np.isin(self.fills["reason"], [each.value for each in _WITHIN_A_BAR])
        changes = np.zeros(len(self.bars) + 1)
        np.add.at(changes, place + stopped, self.fills["side"] * self.fills["quantity"])
        held = np.cumsum(changes)[: len(self.bars)]
        # What is left of a closed position is rounding.
        return np.where(np.abs(held) < self.lot / 2, 0.0, held)


_WITHIN_A_BAR = (FillReason.STOP_LOSS, FillReason.TAKE_PROFIT, FillReason.TRAILING)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Asked:
    """A question to an engine, for tools that ask it anew.

    Parameters
    ----------
    request
        The strategy with its parameters, or a strategy file of the engine.
    market
        The bars of the run, with those of the warm-up.
    engine
        Name of the engine.
    thresholds
        What is asked of it.
    """

    request: BacktestRequest | NativeRequest
    market: Market
    engine: str
    thresholds: Thresholds = DEFAULTS


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NeighbourFacts:
    """The sets around the chosen one, and what each came to.

    Parameters
    ----------
    chosen
        Total return of the chosen set, a fraction.
    sets
        The neighbours, full sets.
    results : ndarray of float64, shape (n_sets,)
        Total return of each, a fraction; NaN of one that failed.
    sweep
        Number of the sweep in which they were tried.
    thresholds
        What is asked of them.
    """

    chosen: float
    sets: tuple[dict[str, Value], ...]
    results: Floats
    sweep: int
    thresholds: Thresholds = DEFAULTS


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SweepFacts:
    """What the sets of a sweep came to.

    Parameters
    ----------
    matrix
        Those that were executed, day by day.
    best
        Place of the set that ranks highest; None where none may rank.
    trials
        What was tried on the instrument and the period, these sets included.
    thresholds
        What is asked of them.
    """

    matrix: DayMatrix
    best: int | None
    trials: TrialFacts
    thresholds: Thresholds = DEFAULTS

    @property
    def days(self) -> list[str]:
        """The date of each day."""
        return [format_utc(int(each))[:10] for each in self.matrix.day_ns]


def write_set(params: dict[str, Any]) -> str:
    """Return a set of parameters as options of commands read it.

    Examples
    --------
    >>> write_set({"fast": 5, "mode": "Slow", "allow_short": False})
    'fast=5 mode=Slow allow_short=false'
    """
    words = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
    }
    return " ".join(f"{name}={value}" for name, value in words.items())
