from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.time import to_ns
from research.validation.exceptions import NotComputable
from research.validation.regimes import (
    UNKNOWN,
    Calendar,
    Trend,
    Volatility,
    breakdown,
    calendar,
    trend_regimes,
    volatility_regimes,
)

RNG = np.random.default_rng(1)
RETURNS = RNG.normal(0.0, 0.01, 3_000)


class TestBreakdown:
    def test_adds_up_to_the_whole(self) -> None:
        labels = RNG.integers(0, 5, 3_000)

        parts = breakdown(RETURNS, labels)

        assert [part.label for part in parts] == [0, 1, 2, 3, 4]
        assert sum(part.n_bars for part in parts) == 3_000
        assert sum(part.growth for part in parts) == pytest.approx(np.log1p(RETURNS).sum())

    def test_measures_each_group_alone(self) -> None:
        labels = RNG.integers(0, 3, 3_000)

        (_, part, _) = breakdown(RETURNS, labels)

        own = RETURNS[labels == 1]
        assert part.mean == pytest.approx(own.mean())
        assert part.sharpe == pytest.approx(own.mean() / own.std(ddof=1))
        assert part.positive == pytest.approx((own > 0).mean())

    def test_has_no_ratio_for_one_bar_and_for_bars_all_alike(self) -> None:
        one, alike = breakdown(np.array([0.1, 0.2, 0.2]), np.array([0, 1, 1]))

        assert (one.sharpe, alike.sharpe) == (None, None)

    def test_refuses_labels_of_another_length(self) -> None:
        with pytest.raises(InvalidInput, match=r"labels have shape \(2,\), returns \(3,\)"):
            breakdown(np.zeros(3), np.zeros(2, np.int64))

    def test_refuses_the_loss_of_everything(self) -> None:
        with pytest.raises(NotComputable, match=r"the return at row 1 is -1\.0"):
            breakdown(np.array([0.0, -1.0]), np.zeros(2, np.int64))


class TestVolatilityRegimes:
    def test_find_a_wild_stretch(self) -> None:
        market = RNG.normal(0.0, 0.01, 900)
        market[300:550] *= 5

        found = volatility_regimes(market, window=20)

        assert set(found[:20].tolist()) == {UNKNOWN}
        assert set(found[320:550].tolist()) == {Volatility.HIGH}
        assert np.mean(found[20:300] == Volatility.HIGH) < 0.1

    def test_make_thirds(self) -> None:
        found = volatility_regimes(RETURNS, window=10)

        counts = [np.count_nonzero(found == label) for label in Volatility]
        assert max(counts) - min(counts) <= 1

    def test_are_those_of_the_bars_before(self) -> None:
        found = volatility_regimes(RETURNS, window=10)

        spread = np.array([RETURNS[row - 10 : row].std() for row in range(10, 3_000)])
        low, high = np.sort(spread)[[len(spread) // 3, 2 * len(spread) // 3]]
        assert set(found[10:][spread < low].tolist()) == {Volatility.LOW}
        assert set(found[10:][spread > high].tolist()) == {Volatility.HIGH}

    def test_tell_windows_that_are_alike_to_be(self) -> None:
        # What stood before them leaves its rounding in running sums.
        still = np.concatenate([RETURNS[:500], np.zeros(1_000)])

        found = volatility_regimes(still, window=10)

        assert set(found[510:].tolist()) == {Volatility.LOW}
        assert set(trend_regimes(still, window=10)[510:].tolist()) == {Trend.DOWN}

    def test_do_not_know_the_bar_they_label(self) -> None:
        changed = RETURNS.copy()
        changed[-1] = 0.5

        before, after = (volatility_regimes(m, window=10) for m in (RETURNS, changed))

        assert before.tolist() == after.tolist()


class TestTrendRegimes:
    def test_are_those_of_the_bars_before(self) -> None:
        found = trend_regimes(RETURNS, window=7)

        expected = [
            Trend.UP if RETURNS[row - 7 : row].sum() > 0 else Trend.DOWN for row in range(7, 3_000)
        ]
        assert found.tolist() == [UNKNOWN] * 7 + expected

    @pytest.mark.parametrize("window", [0, 5, 6])
    def test_refuse_a_window_out_of_range(self, window: int) -> None:
        with pytest.raises(InvalidArgument, match=rf"the window is {window}, must be in \[1, 4\]"):
            trend_regimes(np.zeros(5), window=window)


class TestCalendar:
    @pytest.mark.parametrize(
        ("by", "part"),
        [
            (Calendar.MONTH, "month"),
            (Calendar.HOUR, "hour"),
        ],
    )
    def test_is_that_of_the_standard_library(self, by: Calendar, part: str) -> None:
        first = datetime(1969, 12, 31, 20, 30, tzinfo=UTC)
        times = [first + timedelta(hours=37 * step) for step in range(2_000)]

        found = calendar(np.array([to_ns(time) for time in times]), by)

        assert found.tolist() == [getattr(time, part) for time in times]

    def test_begins_the_week_on_monday(self) -> None:
        times = [datetime(2024, 2, 26, tzinfo=UTC) + timedelta(hours=13 * n) for n in range(500)]

        found = calendar(np.array([to_ns(time) for time in times]), Calendar.WEEKDAY)

        assert found.tolist() == [time.weekday() for time in times]
