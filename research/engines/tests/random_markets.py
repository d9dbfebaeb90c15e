"""Small seeded markets of whole prices, on which levels are touched exactly and gapped over."""

from typing import Any

import numpy as np
from numpy.random import Generator

from common.domain.bars import Floats
from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from research.domain.backtest import BacktestRequest, Market
from research.engines.tests.scripted import ask, quoted
from trading.strategies.base import StopSpec

DISTANCES = (0.02, 0.05, 0.1)


def pose_random(seed: int) -> tuple[BacktestRequest, Market, Floats]:
    """Return a request, its market and its targets; equal seeds give equal ones."""
    chance = np.random.default_rng(seed)
    count = int(chance.integers(10, 60))
    shorts = bool(chance.random() < 0.6)
    targets = _targets(chance, count, shorts=shorts)
    request = ask(
        targets,
        stop=_stops(chance),
        costs=CostModel(
            fee_rate=float(chance.choice([0, 0.001, 0.01])),
            slippage=float(chance.choice([0, 0, 0.001, 0.03])),
        ),
        sizing=Sizing.parse(
            str(chance.choice(["equity_fraction", "fixed_notional=5000", "fixed_quantity=30"]))
        ),
        rebalance=Rebalance.EVERY_BAR if chance.random() < 0.3 else Rebalance.ON_CHANGE,
        account=AccountType.MARGIN if shorts else AccountType.CASH,
    )
    sizes: dict[str, Any] = {"lot": str(chance.choice(["0.01", "0.1", "1"]))}
    if chance.random() < 0.3:
        sizes["min_notional"] = "1500"
    return request, _market(chance, count, **sizes), targets


def _market(chance: Generator, count: int, **sizes: Any) -> Market:
    closes = np.clip(100 + np.cumsum(chance.integers(-6, 7, count)), 40, 200)
    gaps = np.where(chance.random(count) < 0.4, chance.integers(-6, 7, count), 0)
    opens = np.clip(np.concatenate([[100], closes[:-1]]) + gaps, 30, 220)
    highs = np.maximum(opens, closes) + chance.integers(0, 8, count)
    lows = np.minimum(opens, closes) - chance.integers(0, 8, count)
    return quoted(*zip(opens, highs, lows, closes, strict=True), **sizes)


def _targets(chance: Generator, count: int, *, shorts: bool) -> Floats:
    levels = [0, 1] if chance.random() < 0.5 else [0, 0.25, 0.5, 1]
    choices = [*levels, *(-level for level in levels)] if shorts else levels
    asked: Floats = np.where(chance.random(count) < 0.3, chance.choice(choices, count), np.nan)
    if chance.random() < 0.5:
        return asked
    # A strategy that repeats itself at every bar.
    last = np.maximum.accumulate(np.where(np.isnan(asked), -1, np.arange(count)))
    repeated: Floats = np.where(last >= 0, asked[last], 0.0)
    return repeated


def _stops(chance: Generator) -> StopSpec:
    names = ("stop_loss", "take_profit", "trailing")
    chosen = {name: float(chance.choice(DISTANCES)) for name in names if chance.random() < 0.6}
    return StopSpec(**(chosen or {"stop_loss": 0.05}))
