"""The strategies of the library on every engine: equal, or different by what is admissible."""

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.costs import AccountType, CostModel
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.registry import get_engine
from research.engines.tests import real_bars
from research.engines.tests.canonical import execute
from research.engines.tests.scripted import market
from research.parity.causes import ADMISSIBLE, Cause
from research.parity.tests.engine_pairs import BAR_ENGINES, compare
from trading.strategies.base import Strategy
from trading.strategies.registry import get_strategy

pytestmark = pytest.mark.timeout(120)
STRATEGIES = (
    "sma_cross",
    "ema_adx",
    "rsi_reversion",
    "bollinger_reversion",
    "donchian_breakout",
    "vol_target_momentum",
)
SERIES = ("hours", "hours with gaps", "minutes with holes")
COUNT, WARM_UP = 1_500, 500


@cache
def bars_of(series: str, folder: Path) -> Bars:
    what, _, change = series.partition(" with ")
    reader = {"hours": real_bars.read_hourly, "minutes": real_bars.read_minutes}[what]
    bars = reader(folder).rows(6_000, 6_000 + WARM_UP + COUNT)
    if not change:
        return bars
    changed = {"gaps": real_bars.with_gaps, "holes": real_bars.with_holes}[change]
    return changed(bars, np.random.default_rng(7))


@cache
def pose(strategy: str, series: str, folder: Path) -> tuple[BacktestRequest, Market]:
    found = get_strategy(strategy)
    assert isinstance(found, Strategy)
    params = found.admit({})
    account = AccountType.MARGIN if found.can_short(params) else AccountType.CASH
    request = BacktestRequest(
        strategy=found, params=params, account=account, costs=CostModel(slippage=0.0005)
    )
    spec = market([1.0], lot="1e-5", min_notional="10").instrument
    return request, Market(instrument=spec, bars=bars_of(series, folder), first=WARM_UP)


@cache
def results(strategy: str, series: str, folder: Path) -> dict[str, BacktestResult]:
    request, bars = pose(strategy, series, folder)
    return {name: get_engine(name).run(request, bars) for name in BAR_ENGINES}


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("strategy", STRATEGIES)
class TestLibrary:
    def test_every_pair_of_engines_is_equal(
        self, strategy: str, series: str, sample_data: Path
    ) -> None:
        request, bars = pose(strategy, series, sample_data)
        found = results(strategy, series, sample_data)

        for a, b in combinations(found.values(), 2):
            pair = compare(a, b, request, bars)
            causes: Any = set(pair.by_cause()) - {Cause.WITHIN_TOLERANCE}
            assert causes <= ADMISSIBLE, (pair.summary, pair.by_cause())
            assert pair.is_equal
            assert pair.summary.matched > 5

    def test_every_engine_fills_as_the_rule_says(
        self, strategy: str, series: str, sample_data: Path
    ) -> None:
        request, bars = pose(strategy, series, sample_data)
        assert isinstance(request.strategy, Strategy)
        targets = request.strategy.targets(bars.bars, request.params)[bars.first :]
        rule = execute(request, bars, targets)
        exact = BacktestResult(
            engine="rule", engine_version="", fills=rule.fills, equity=rule.equity,
            cash=rule.cash, quantity=rule.quantity,
        )  # fmt: skip

        for result in results(strategy, series, sample_data).values():
            pair = compare(exact, result, request, bars)
            assert set(pair.by_cause()) <= {Cause.WITHIN_TOLERANCE}
            assert pair.is_equal
