import numpy as np
import pytest

from common.domain.bars import Bars
from trading.strategies.parameters import Value
from trading.strategies.registry import LIBRARY, get_strategy
from trading.strategies.tests import reference
from trading.strategies.tests.market import random_walk

PARAMETER_SETS: dict[str, list[dict[str, Value]]] = {
    "buy_and_hold": [{}],
    "sma_cross": [{}, {"fast": 3, "slow": 7}, {"fast": 24, "slow": 168, "allow_short": True}],
    "ema_adx": [
        {},
        {"fast": 5, "slow": 60, "adx_period": 7, "adx_min": 35.0},
        {"fast": 1, "slow": 9, "adx_period": 30, "adx_min": 0.0},
    ],
    "rsi_reversion": [{}, {"period": 2, "low": 10.0, "exit": 90.0}, {"period": 50, "low": 45.0}],
    "bollinger_reversion": [{}, {"period": 5, "width": 0.7}, {"period": 80, "width": 3.1}],
    "donchian_breakout": [{}, {"entry": 55, "exit": 20}, {"entry": 1, "exit": 30}],
    "vol_target_momentum": [
        {},
        {"lookback": 1, "vol_window": 10, "every": 1, "allow_short": True},
        {"lookback": 200, "vol_window": 24, "target_vol": 2.0, "every": 168, "allow_short": True},
    ],
}
CASES = [(key, given) for key, sets in PARAMETER_SETS.items() for given in sets]


def _compare(key: str, bars: Bars, given: dict[str, Value]) -> None:
    strategy = get_strategy(key)
    params = strategy.admit(given)

    targets = strategy.targets(bars, params)

    expected = getattr(reference, key)(bars, params)
    np.testing.assert_allclose(targets, expected, rtol=1e-9, atol=0.0)
    assert len(np.unique(targets[~np.isnan(targets)])) > (key != "buy_and_hold")


class TestLibraryAgainstPlainLoops:
    @pytest.mark.parametrize(("key", "given"), CASES)
    def test_agrees_on_real_bars(self, coinbase: Bars, key: str, given: dict[str, Value]) -> None:
        assert len(coinbase) == 20_111
        _compare(key, coinbase, given)

    @pytest.mark.parametrize(("key", "given"), CASES)
    def test_agrees_on_random_bars_with_holes(self, key: str, given: dict[str, Value]) -> None:
        _compare(key, random_walk(5, 3_000, holes=True), given)

    def test_covers_every_strategy_with_targets(self) -> None:
        assert set(PARAMETER_SETS) == set(LIBRARY) - {"quote_both_sides"}
