import numpy as np
import pytest

from common.domain.time import NANOSECONDS
from portfolio.metrics.drawdown import drawdowns, max_drawdown, max_drawdown_seconds, ulcer_index
from portfolio.metrics.tests.building import HOUR_NS, bars_of, flat_bars


def hours_of(marks: list[float], *, initial: float = 100.0) -> float:
    depths = drawdowns(np.array(marks), initial=initial)
    seconds = max_drawdown_seconds(depths, bars=flat_bars(len(marks)))
    return seconds * NANOSECONDS / HOUR_NS


class TestDrawdowns:
    def test_are_measured_from_the_highest_mark_so_far(self) -> None:
        marks = np.array([120.0, 90.0, 110.0, 150.0, 75.0])

        depths = drawdowns(marks, initial=100.0)

        assert depths.tolist() == pytest.approx([0, 0.25, 1 - 110 / 120, 0, 0.5])

    def test_begin_at_the_starting_cash(self) -> None:
        assert drawdowns(np.array([80.0, 90.0]), initial=100.0).tolist() == [
            pytest.approx(0.2),
            pytest.approx(0.1),
        ]

    def test_of_debt_exceed_one(self) -> None:
        assert max_drawdown(drawdowns(np.array([-50.0]), initial=100.0)) == 1.5

    def test_of_nothing_are_undefined(self) -> None:
        assert np.isnan(max_drawdown(np.empty(0)))
        assert np.isnan(ulcer_index(np.empty(0), initial=1.0))
        assert np.isnan(max_drawdown(np.empty((0, 3)))).tolist() == [True] * 3


class TestMaxDrawdownSeconds:
    def test_end_with_the_recovery(self) -> None:
        assert hours_of([120, 90, 110, 120, 130]) == 3

    def test_run_to_the_end_without_a_recovery(self) -> None:
        assert hours_of([120, 90, 110, 119, 119]) == 4

    def test_begin_at_the_first_open_when_the_cash_is_the_peak(self) -> None:
        assert hours_of([90, 80, 99]) == 3

    def test_do_not_count_the_time_level_with_the_peak(self) -> None:
        assert hours_of([100, 100, 120, 120, 120, 60, 120]) == 2

    def test_belong_to_the_deepest_not_to_the_longest(self) -> None:
        assert hours_of([100, 90, 95, 95, 95, 110, 55, 110]) == 2

    def test_belong_to_the_first_of_two_equally_deep(self) -> None:
        assert hours_of([50, 60, 200, 100, 200]) == 3

    def test_are_zero_for_a_run_that_never_fell(self) -> None:
        assert hours_of([100, 100, 120]) == 0

    def test_include_the_holes_between_bars(self) -> None:
        bars = bars_of([(hour, 1, 1, 1, 1) for hour in (0, 1, 10)])
        depths = drawdowns(np.array([100.0, 50.0, 100.0]), initial=100.0)

        assert max_drawdown_seconds(depths, bars=bars) == 10 * 3_600
