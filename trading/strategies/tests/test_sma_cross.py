import numpy as np
import pytest

from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.parameters import InvalidParameter, Value
from trading.strategies.tests.market import make_bars

NAN = float("nan")
STRATEGY = SmaCross()

# SMA(2): -, 1.5, 2.5, 3, 3, 2.5, 1.5; SMA(3): -, -, 2, 8/3, 3, 8/3, 2.
CLOSES = [1, 2, 3, 3, 3, 2, 1]


class TestSmaCross:
    @pytest.mark.parametrize(
        ("allow_short", "expected"),
        [(False, [NAN, NAN, 1, 1, 0, 0, 0]), (True, [NAN, NAN, 1, 1, -1, -1, -1])],
    )
    def test_is_long_only_while_the_fast_average_is_above(
        self, allow_short: bool, expected: list[float]
    ) -> None:
        params = STRATEGY.admit({"fast": 2, "slow": 3, "allow_short": allow_short})

        targets = STRATEGY.targets(make_bars(CLOSES), params)

        np.testing.assert_array_equal(targets, expected)
        assert STRATEGY.can_short(params) is allow_short

    def test_has_the_defaults_of_its_documentation(self) -> None:
        assert STRATEGY.admit({}) == {"fast": 10, "slow": 50, "allow_short": False}

    @pytest.mark.parametrize("given", [{"fast": 50}, {"fast": 60}, {"slow": 10}])
    def test_refuses_a_fast_average_that_is_not_faster(self, given: dict[str, Value]) -> None:
        with pytest.raises(InvalidParameter, match="must be below slow"):
            STRATEGY.admit(given)

    def test_asks_for_the_bars_that_make_its_first_target_warm(self) -> None:
        assert STRATEGY.warm_up(STRATEGY.admit({})) == 49
