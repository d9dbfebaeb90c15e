from trading.strategies.library.buy_and_hold import BuyAndHold
from trading.strategies.tests.market import make_bars


class TestBuyAndHold:
    def test_is_in_from_the_first_bar(self) -> None:
        assert BuyAndHold().targets(make_bars([3, 1, 2]), {}).tolist() == [1, 1, 1]

    def test_needs_no_bar_before(self) -> None:
        assert BuyAndHold().warm_up({}) == 0
