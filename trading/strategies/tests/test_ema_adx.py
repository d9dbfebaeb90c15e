import numpy as np
import pytest

from common.domain.bars import Floats
from trading.strategies.library.ema_adx import EmaAdx
from trading.strategies.parameters import InvalidParameter
from trading.strategies.tests.market import make_bars

NAN = float("nan")
STRATEGY = EmaAdx()

# Each bar reaches 1 above and below its close. EMA(2), seed 10.5 at bar 1, weight 2/3:
# 11.5, 12.5, 12.1667, 10.0556; EMA(3), seed 11 at bar 2, weight 1/2: 12, 12, 10.5.
# The highs only rise until bar 3, where ADX(2) gets warm: it is 100.
CLOSES = np.array([10.0, 11.0, 12.0, 13.0, 12.0, 9.0])


def _targets(closes: list[float], adx_min: float) -> Floats:
    column = np.array(closes)
    params = STRATEGY.admit({"fast": 2, "slow": 3, "adx_period": 2, "adx_min": adx_min})
    return STRATEGY.targets(make_bars(column, column + 1, column - 1), params)


class TestEmaAdx:
    def test_enters_at_the_least_strength_and_leaves_when_the_fast_average_is_below(self) -> None:
        np.testing.assert_array_equal(_targets([*CLOSES], 100.0), [NAN, NAN, NAN, 1, 1, 0])

    def test_does_not_enter_a_weak_trend(self) -> None:
        # One bar down among the first three leaves ADX(2) below 100 at bars 3 and 4.
        closes = [10.0, 9.0, 11.0, 13.0, 15.0]

        np.testing.assert_array_equal(_targets(closes, 100.0), [NAN, NAN, NAN, 0, 0])
        np.testing.assert_array_equal(_targets(closes, 0.0), [NAN, NAN, NAN, 1, 1])

    def test_does_not_enter_a_falling_market_however_strong(self) -> None:
        np.testing.assert_array_equal(_targets([13.0, 12, 11, 10, 9], 0.0), [NAN] * 3 + [0, 0])

    def test_does_not_take_equal_averages_for_a_rise(self) -> None:
        np.testing.assert_array_equal(_targets([8.0] * 5, 0.0), [NAN] * 3 + [0, 0])

    def test_does_not_leave_while_the_averages_are_equal(self) -> None:
        # EMA(1) is the close; EMA(3) is 12, 12, 11.5 from bar 3 on.
        column = np.array([10.0, 11.0, 12.0, 13.0, 12.0, 11.0])
        params = STRATEGY.admit({"fast": 1, "slow": 3, "adx_period": 2, "adx_min": 0.0})

        targets = STRATEGY.targets(make_bars(column, column + 1, column - 1), params)

        np.testing.assert_array_equal(targets, [NAN, NAN, NAN, 1, 1, 0])

    def test_has_the_defaults_of_its_documentation(self) -> None:
        assert STRATEGY.admit({}) == {"fast": 12, "slow": 26, "adx_period": 14, "adx_min": 20.0}

    def test_refuses_a_fast_average_that_is_not_faster(self) -> None:
        with pytest.raises(InvalidParameter, match="fast is 26, must be below slow"):
            STRATEGY.admit({"fast": 26})

    def test_asks_for_ten_slow_periods_or_twenty_of_the_index(self) -> None:
        assert STRATEGY.warm_up(STRATEGY.admit({})) == 280
        assert STRATEGY.warm_up(STRATEGY.admit({"slow": 50})) == 500
