"""Facts of runs as tests make them: a market, what was held on it, and what that came to."""

from typing import Any

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.fills import FILL_DTYPE
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, Market
from research.examination.facts import Asked, RunFacts, TrialFacts
from trading.strategies.base import Strategy

# A Monday, 2024-01-01.
MONDAY_NS = 1_704_067_200 * 10**9
NO_TRIALS = TrialFacts(count=1, sharpes=np.empty(0))


def market(closes: Any, *, timeframe: Timeframe = Timeframe.D1) -> Bars:
    """Return bars that open where the one before closed."""
    close = np.array(closes, np.float64)
    open_ = np.concatenate([close[:1], close[:-1]])
    times = MONDAY_NS + np.arange(len(close), dtype=np.int64) * timeframe.nanoseconds
    low, high = np.minimum(open_, close), np.maximum(open_, close)
    return Bars(timeframe, times, open_, high, low, close, np.ones(len(close)))


def run_facts(
    bars: Bars, held: Any, *, cash: float = 1_000.0, trials: TrialFacts = NO_TRIALS
) -> RunFacts:
    """Return the facts of holding these quantities from each open on, without a fee."""
    quantity = np.array(held, np.float64)
    change = np.diff(quantity, prepend=0.0)
    rows = np.flatnonzero(change)
    fills = np.zeros(len(rows), FILL_DTYPE)
    fills["ts_ns"], fills["side"] = bars.open_ns[rows], np.sign(change[rows])
    fills["quantity"], fills["price"] = np.abs(change[rows]), bars.open[rows]
    equity: Floats = cash - np.cumsum(change * bars.open) + quantity * bars.close
    return RunFacts(bars=bars, fills=fills, equity=equity, cash=cash, lot=1e-8, trials=trials)


def asked(
    strategy: Strategy, bars: Bars, *, engine: str = "vectorbt", first: int = 0, **request: Any
) -> Asked:
    """Return the question of a strategy to an engine on these bars."""
    params = strategy.admit(request.pop("params", {}))
    spec = InstrumentSpec(id=InstrumentId("BTC/USD", "TEST"))
    return Asked(
        request=BacktestRequest(strategy=strategy, params=params, **request),
        market=Market(instrument=spec, bars=bars, first=first),
        engine=engine,
    )


def noise(count: int, seed: int, *, drift: float = 0.0) -> Floats:
    """Return closes that nothing predicts."""
    moves = np.random.default_rng(seed).normal(drift, 0.01, count)
    closes: Floats = 100.0 * np.exp(np.cumsum(moves))
    return closes
