from math import inf, nan

import pytest

from common.domain.enums import Comparison
from trading.domain.thresholds import THRESHOLDS, get_threshold
from trading.exceptions import InvalidThreshold, UnknownThreshold


class TestDefaults:
    def test_are_those_that_are_documented(self) -> None:
        assert {key: each.default for key, each in THRESHOLDS.items()} == {
            "round_trips": 100,
            "years": 2.0,
            "deflated_sharpe": 0.95,
            "overfitting": 0.20,
            "walk_forward_efficiency": 0.5,
            "walk_forward_windows": 0.60,
            "doubled_costs": 0.0,
            "delay": 0.5,
            "neighbourhood": 0.70,
            "bootstrap_level": 0.05,
            "bootstrap": 0.0,
            "parity": 1e-6,
            "evidence_days": 90,
        }

    @pytest.mark.parametrize("key", THRESHOLDS)
    def test_are_within_their_bounds(self, key: str) -> None:
        THRESHOLDS[key].check(THRESHOLDS[key].default)


class TestBounds:
    @pytest.mark.parametrize("key", THRESHOLDS)
    def test_are_included_and_nothing_beyond_is(self, key: str) -> None:
        threshold = THRESHOLDS[key]
        threshold.check(threshold.low)
        threshold.check(threshold.high)
        for value in (threshold.low - 1e-9, threshold.high + 1e-9, nan, inf, -inf):
            with pytest.raises(InvalidThreshold, match=f"the threshold {key} is"):
                threshold.check(value)

    @pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1.5])
    def test_of_a_probability_exclude_what_everything_or_nothing_passes(
        self, value: float
    ) -> None:
        with pytest.raises(InvalidThreshold):
            THRESHOLDS["deflated_sharpe"].check(value)

    @pytest.mark.parametrize("key", ["round_trips", "evidence_days"])
    def test_of_a_count_admit_whole_numbers_only(self, key: str) -> None:
        with pytest.raises(InvalidThreshold, match=r"is 20\.5, must be a whole number"):
            THRESHOLDS[key].check(20.5)


class TestLooser:
    def test_is_less_where_at_least_is_asked_and_more_where_at_most_is(self) -> None:
        least, most = THRESHOLDS["deflated_sharpe"], THRESHOLDS["overfitting"]

        assert (least.comparison, most.comparison) == (Comparison.AT_LEAST, Comparison.AT_MOST)
        assert (least.is_looser(0.9, 0.95), least.is_looser(0.96, 0.95)) == (True, False)
        assert (most.is_looser(0.3, 0.2), most.is_looser(0.1, 0.2)) == (True, False)
        assert not least.is_looser(0.95, 0.95)
        assert not most.is_looser(0.2, 0.2)

    def test_is_a_return_that_need_not_be_exceeded_any_more(self) -> None:
        above = THRESHOLDS["bootstrap"]

        assert (above.is_looser(0.0, 0.1), above.is_looser(0.2, 0.1)) == (True, False)

    def test_is_a_higher_quantile_and_an_older_verdict(self) -> None:
        assert THRESHOLDS["bootstrap_level"].is_looser(0.1, 0.05)
        assert THRESHOLDS["evidence_days"].is_looser(91, 90)


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownThreshold, match="there are: round_trips, years"):
        get_threshold("luck")
