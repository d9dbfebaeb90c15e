import numpy as np
import pytest

from common.domain.bars import Floats
from trading.strategies.library.rsi_reversion import RsiReversion
from trading.strategies.parameters import InvalidParameter, Value
from trading.strategies.tests.market import make_bars

NAN = float("nan")
STRATEGY = RsiReversion()

# Mean gain and loss of RSI(2): 0/1, .5/.5, .75/.25, .375/.625, .1875/.8125; so the index
# is 0, 50, 75, 37.5, 18.75 from bar 2 on, all exact.
CLOSES = [10, 9, 8, 9, 10, 9, 8]


def _targets(**given: Value) -> Floats:
    return STRATEGY.targets(make_bars(CLOSES), STRATEGY.admit({"period": 2, **given}))


class TestRsiReversion:
    def test_enters_below_low_and_leaves_above_exit(self) -> None:
        np.testing.assert_array_equal(_targets(), [NAN, NAN, 1, 1, 0, 0, 1])

    def test_does_not_enter_at_low_itself(self) -> None:
        np.testing.assert_array_equal(_targets(low=18.75), [NAN, NAN, 1, 1, 0, 0, 0])

    def test_does_not_leave_at_exit_itself(self) -> None:
        np.testing.assert_array_equal(_targets(exit=75.0), [NAN, NAN, 1, 1, 1, 1, 1])

    def test_takes_a_market_that_never_moved_for_oversold(self) -> None:
        targets = STRATEGY.targets(make_bars([5] * 4), STRATEGY.admit({"period": 2}))

        np.testing.assert_array_equal(targets, [NAN, NAN, 1, 1])

    def test_has_the_defaults_of_its_documentation(self) -> None:
        assert STRATEGY.admit({}) == {"period": 14, "low": 30.0, "exit": 50.0}

    def test_refuses_to_leave_below_the_entry(self) -> None:
        with pytest.raises(InvalidParameter, match=r"low is 50.5, must not be above exit"):
            STRATEGY.admit({"low": 50.5})

    def test_asks_for_twenty_periods(self) -> None:
        assert STRATEGY.warm_up(STRATEGY.admit({})) == 280
