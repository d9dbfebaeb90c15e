"""Prices that are their own expectation, and what an engine makes of them before costs."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator

from common.domain.bars import Floats
from common.domain.costs import CostModel
from research.domain.backtest import BacktestResult, Market
from research.engines.base import BacktestEngine
from research.engines.tests.scripted import ask, market

PATHS: Final = 30
BARS: Final = 2_000
SIGMA: Final = 0.01
COSTS: Final = CostModel(fee_rate=0.001, slippage=0.0005)
CASH: Final = 10_000.0


def martingale(chance: Generator) -> Floats:
    """Return closes whose log returns are N(-σ²/2, σ²): the price is its own expectation."""
    returns = chance.normal(-(SIGMA**2) / 2, SIGMA, BARS)
    closes: Floats = 100 * np.exp(np.cumsum(returns))
    return closes


def crossing(closes: Floats) -> Floats:
    """Return 1 while the mean of 10 closes is above that of 50, else 0."""
    targets = np.full(len(closes), np.nan)
    total = np.concatenate([[0.0], np.cumsum(closes)])
    fast = (total[50:] - total[40:-10]) / 10
    slow = (total[50:] - total[:-50]) / 50
    targets[49:] = fast > slow
    return targets


def run_paths(
    engine: BacktestEngine, *, sees_ahead: bool, paths: int = PATHS
) -> Sequence[tuple[BacktestResult, Market]]:
    """Run the crossing on paths of seeds 0, 1, ...; one that sees ahead knows the next close."""
    done = []
    for seed in range(paths):
        closes = martingale(np.random.default_rng(seed))
        bars = market(np.concatenate([[100.0], closes[:-1]]), closes)
        targets = crossing(closes)
        if sees_ahead:
            # The order fills at the open of a bar whose close the target already knows.
            targets[:-1] = closes[1:] > closes[:-1]
        done.append((engine.run(ask(targets, costs=COSTS, cash=CASH), bars), bars))
    return done


def gain_before_costs(result: BacktestResult, bars: Market) -> float:
    """Return (final equity + fees + slippage paid - cash) / cash."""
    opens = bars.bars.open[np.searchsorted(bars.bars.open_ns, result.fills["ts_ns"])]
    slipped = np.abs(result.fills["price"] - opens) * result.fills["quantity"]
    paid = float(np.sum(result.fills["fee"] + slipped))
    return (float(result.equity[-1]) + paid - CASH) / CASH


def bound(values: Floats) -> float:
    """Return three standard errors of the mean."""
    return 3 * float(np.std(values, ddof=1)) / float(np.sqrt(len(values)))
