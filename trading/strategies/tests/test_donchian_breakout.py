import numpy as np

from common.domain.bars import Floats
from trading.strategies.library.donchian_breakout import DonchianBreakout
from trading.strategies.parameters import Value
from trading.strategies.tests.market import make_bars

NAN = float("nan")
STRATEGY = DonchianBreakout()

HIGHS = [10, 11, 12, 12, 13, 11, 10]
LOWS = [8, 9, 10, 11, 10, 9, 8]
# Highest high of the two bars before, from bar 2: 11, 12, 12, 13, 13;
# low of the bar before: 9, 10, 11, 10, 9.
CLOSES = [9, 10, 11, 12, 12.5, 10, 8.9]


def _targets(**given: Value) -> Floats:
    params = STRATEGY.admit({"entry": 2, "exit": 1, **given})
    return STRATEGY.targets(make_bars(CLOSES, HIGHS, LOWS), params)


class TestDonchianBreakout:
    def test_enters_above_the_highs_before_and_leaves_below_the_low_before(self) -> None:
        # Bars 2 and 3 close at the highest high, bar 5 at the lowest low: neither counts.
        np.testing.assert_array_equal(_targets(), [NAN, NAN, 0, 0, 1, 1, 0])

    def test_looks_back_over_all_bars_of_the_exit_channel(self) -> None:
        # Lowest low of the three bars before, from bar 3: 8, 9, 10, 9.
        np.testing.assert_array_equal(_targets(exit=3), [NAN, NAN, NAN, 0, 1, 1, 0])

    def test_is_nan_for_as_many_bars_as_the_longer_channel(self) -> None:
        assert np.isnan(_targets(entry=1, exit=4)).tolist() == [True] * 4 + [False] * 3
        assert np.isnan(_targets(entry=5, exit=1)).tolist() == [True] * 5 + [False] * 2

    def test_has_the_defaults_of_its_documentation(self) -> None:
        assert STRATEGY.admit({}) == {"entry": 20, "exit": 10}

    def test_asks_for_the_bars_of_the_longer_channel(self) -> None:
        assert STRATEGY.warm_up(STRATEGY.admit({})) == 20
        assert STRATEGY.warm_up(STRATEGY.admit({"exit": 30})) == 30
