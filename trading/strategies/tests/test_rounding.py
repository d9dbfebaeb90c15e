import numpy as np
import pytest

from common.domain.bars import Bars
from trading.strategies.registry import get_strategy
from trading.strategies.rounding import is_above
from trading.strategies.tests.market import make_bars

STILL = 30


def _stands_still_at_last(seed: int) -> Bars:
    # The price stays at one that binary fractions cannot express, as most cannot.
    moving = np.random.default_rng(seed).uniform(90.0, 110.0, 30)
    return make_bars(np.round(np.concatenate([moving, np.full(STILL, 100.1)]), 2))


class TestIsAbove:
    def test_tells_prices_a_tick_apart(self) -> None:
        assert is_above(np.array([100.01, 100.0, 99.99]), np.full(3, 100.0)).tolist() == [
            True,
            False,
            False,
        ]

    def test_sees_nothing_in_the_last_bits_of_a_price_of_any_size(self) -> None:
        level = np.array([1e-8, 1.0, 1e8])

        assert not is_above(level * (1 + 1e-12), level).any()
        assert is_above(level * (1 + 1e-10), level).all()

    def test_puts_nan_above_nothing(self) -> None:
        nan = float("nan")

        assert not is_above(np.array([nan, 1.0]), np.array([1.0, nan])).any()


class TestMarketThatStandsStill:
    @pytest.mark.parametrize("seed", range(20))
    def test_is_no_trend(self, seed: int) -> None:
        strategy = get_strategy("sma_cross")
        params = strategy.admit({"fast": 3, "slow": 7})

        targets = strategy.targets(_stands_still_at_last(seed), params)

        # From the seventh still bar on both averages hold that price alone.
        assert not targets[-STILL + 6 :].any()

    @pytest.mark.parametrize("seed", range(20))
    def test_is_neither_below_nor_above_its_bands(self, seed: int) -> None:
        strategy = get_strategy("bollinger_reversion")
        params = strategy.admit({"period": 7})

        targets = strategy.targets(_stands_still_at_last(seed), params)

        assert len(set(targets[-STILL + 5 :])) == 1
