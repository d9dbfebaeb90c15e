import numpy as np

from portfolio.metrics.daily import DAY_NS, day_ends, simple_returns
from portfolio.metrics.tests.building import HOUR_NS


class TestDayEnds:
    def test_gives_a_bar_that_closes_at_midnight_to_the_day_before(self) -> None:
        opens = np.array([22, 23, 24, 25]) * HOUR_NS

        assert day_ends(opens).tolist() == [1, 3]

    def test_leaves_out_a_day_without_a_bar(self) -> None:
        opens = np.array([0, 1, 3]) * DAY_NS

        assert day_ends(opens).tolist() == [0, 1, 2]

    def test_works_before_1970(self) -> None:
        opens = np.array([-2, -1, 0]) * HOUR_NS

        assert day_ends(opens).tolist() == [1, 2]

    def test_of_no_bars_are_none(self) -> None:
        assert day_ends(np.empty(0, np.int64)).tolist() == []


class TestSimpleReturns:
    def test_begin_with_the_starting_cash(self) -> None:
        assert simple_returns(np.array([80.0, 100.0]), initial=100.0).round(12).tolist() == [
            -0.2,
            0.25,
        ]

    def test_are_undefined_after_ruin(self) -> None:
        found = simple_returns(np.array([50.0, 0.0, 50.0, -50.0, -100.0]), initial=100.0)

        assert found[:2].tolist() == [-0.5, -1.0]
        assert np.isnan(found[2])
        assert found[3] == -2.0
        assert np.isnan(found[4])
