"""On prices without drift an engine must lose its costs, and nothing else."""

from typing import Final

import numpy as np
import pytest
from numpy.random import Generator

from common.domain.bars import Floats
from common.domain.costs import CostModel
from research.domain.backtest import BacktestResult, Market
from research.engines.base import BacktestEngine
from research.engines.tests.scripted import ask, market

PATHS, BARS, SIGMA = 30, 2_000, 0.01
# Paths for an engine that takes a millisecond or more a fill.
FEWER_PATHS: Final = {"freqtrade": 12, "nautilus": 6}
COSTS = CostModel(fee_rate=0.001, slippage=0.0005)
CASH = 10_000.0


def martingale(chance: Generator) -> Floats:
    """Return closes whose log returns are N(-σ²/2, σ²): the price is its own expectation."""
    returns = chance.normal(-(SIGMA**2) / 2, SIGMA, BARS)
    closes: Floats = 100 * np.exp(np.cumsum(returns))
    return closes


def crossing(closes: Floats) -> Floats:
    """Return 1 while the mean of 10 closes is above that of 50, else 0."""
    targets = np.full(BARS, np.nan)
    total = np.concatenate([[0.0], np.cumsum(closes)])
    fast = (total[50:] - total[40:-10]) / 10
    slow = (total[50:] - total[:-50]) / 50
    targets[49:] = fast > slow
    return targets


def gain_before_costs(result: BacktestResult, bars: Market) -> float:
    opens = bars.bars.open[np.searchsorted(bars.bars.open_ns, result.fills["ts_ns"])]
    slipped = np.abs(result.fills["price"] - opens) * result.fills["quantity"]
    paid = float(np.sum(result.fills["fee"] + slipped))
    return (float(result.equity[-1]) + paid - CASH) / CASH


def gains(engine: BacktestEngine, *, sees_ahead: bool) -> Floats:
    found = []
    for seed in range(FEWER_PATHS.get(engine.name, PATHS)):
        closes = martingale(np.random.default_rng(seed))
        bars = market(np.concatenate([[100.0], closes[:-1]]), closes)
        targets = crossing(closes)
        if sees_ahead:
            # The order fills at the open of a bar whose close the target already knows.
            targets[:-1] = closes[1:] > closes[:-1]
        result = engine.run(ask(targets, costs=COSTS, cash=CASH), bars)
        traded = result.fills["price"] * result.fills["quantity"]
        assert result.fills["fee"] == pytest.approx(COSTS.fee_rate * traded, rel=1e-9)
        found.append(gain_before_costs(result, bars))
    return np.array(found)


def bound(values: Floats) -> float:
    return 3 * float(np.std(values, ddof=1)) / float(np.sqrt(len(values)))


class TestOnMartingales:
    def test_an_engine_gains_nothing_before_costs(self, engine: BacktestEngine) -> None:
        found = gains(engine, sees_ahead=False)

        assert abs(found.mean()) <= bound(found)

    @pytest.mark.slow
    def test_one_bar_of_look_ahead_is_seen(self, engine: BacktestEngine) -> None:
        found = gains(engine, sees_ahead=True)

        assert found.mean() > bound(found)
