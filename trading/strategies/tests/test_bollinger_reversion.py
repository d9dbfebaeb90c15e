import numpy as np

from common.domain.bars import Floats
from trading.strategies.library.bollinger_reversion import BollingerReversion
from trading.strategies.parameters import Value
from trading.strategies.tests.market import make_bars

NAN = float("nan")
STRATEGY = BollingerReversion()

# Of two closes the middle is their mean m and the deviation half their distance d, so the
# lower band is m - width * d / 2: at width 1 it is the lower of the two closes.
CLOSES = [10, 8, 8, 9]


def _targets(**given: Value) -> Floats:
    return STRATEGY.targets(make_bars(CLOSES), STRATEGY.admit({"period": 2, **given}))


class TestBollingerReversion:
    def test_enters_below_the_lower_band_and_leaves_above_the_middle(self) -> None:
        # Bar 1: 8 < 8.5; bar 2: both bands are 8; bar 3: 9 > 8.5.
        np.testing.assert_array_equal(_targets(width=0.5), [NAN, 1, 1, 0])

    def test_does_not_enter_at_the_band_itself(self) -> None:
        np.testing.assert_array_equal(_targets(width=1.0), [NAN, 0, 0, 0])

    def test_has_the_defaults_of_its_documentation(self) -> None:
        assert STRATEGY.admit({}) == {"period": 20, "width": 2.0}

    def test_asks_for_the_bars_that_make_its_first_target_warm(self) -> None:
        assert STRATEGY.warm_up(STRATEGY.admit({})) == 19
