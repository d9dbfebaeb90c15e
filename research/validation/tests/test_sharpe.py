"""Published numbers, and noise that passes no more often than it may."""

import numpy as np
import pytest
from scipy import stats

from common.domain.errors import InvalidArgument, InvalidInput
from research.validation.exceptions import NotComputable, TooFewPeriods
from research.validation.sharpe import (
    SharpeEstimate,
    estimate,
    minimum_track_record_length,
    per_period,
    probabilistic_sharpe_ratio,
)

# The numerical example of "The Deflated Sharpe Ratio", 2014.
PUBLISHED = SharpeEstimate(
    sharpe=per_period(2.5, periods_per_year=250), n_periods=1250, skew=-3.0, kurtosis=10.0
)


class TestEstimate:
    def test_takes_the_moments_that_scipy_finds(self) -> None:
        returns = np.random.default_rng(1).standard_t(5, 700) * 0.01 + 0.001

        found = estimate(returns)

        assert found.n_periods == 700
        assert found.sharpe == pytest.approx(returns.mean() / np.std(returns, ddof=1), rel=1e-12)
        assert found.skew == pytest.approx(stats.skew(returns), rel=1e-9)
        assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-9)

    def test_refuses_returns_that_do_not_vary(self) -> None:
        with pytest.raises(NotComputable, match="do not vary"):
            estimate(np.full(50, 0.001))

    def test_refuses_a_single_return(self) -> None:
        with pytest.raises(TooFewPeriods, match="the number of returns is 1, at least 2 needed"):
            estimate(np.array([0.01]))

    def test_refuses_a_return_that_is_not_finite(self) -> None:
        with pytest.raises(InvalidInput, match="returns at row 1 are not finite"):
            estimate(np.array([0.01, np.nan, 0.02]))

    def test_takes_returns_of_two_values(self) -> None:
        assert estimate(np.array([0.01, 0.03])).kurtosis == pytest.approx(1.0)

    def test_refuses_a_kurtosis_counted_from_three(self) -> None:
        with pytest.raises(InvalidArgument, match=r"kurtosis is 0\.2, .*the excess over 3"):
            SharpeEstimate(sharpe=0.1, n_periods=10, kurtosis=0.2)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_refuses_a_ratio_that_is_not_finite(self, value: float) -> None:
        with pytest.raises(InvalidArgument, match="sharpe is"):
            SharpeEstimate(sharpe=value, n_periods=10)

    def test_refuses_one_period(self) -> None:
        with pytest.raises(InvalidArgument, match="n_periods is 1"):
            SharpeEstimate(sharpe=0.1, n_periods=1)

    @pytest.mark.parametrize("periods", [0.0, -1.0, float("nan"), float("inf")])
    def test_needs_a_positive_number_of_periods_in_a_year(self, periods: float) -> None:
        with pytest.raises(InvalidArgument, match="periods_per_year is"):
            per_period(1.0, periods_per_year=periods)


class TestProbabilisticSharpeRatio:
    # "The Sharpe Ratio Efficient Frontier", 2012: a monthly ratio of 0.458 over two years.
    @pytest.mark.parametrize(
        ("skew", "kurtosis", "published"), [(0.0, 3.0, 0.982), (-2.448, 10.164, 0.913)]
    )
    def test_is_what_was_published(self, skew: float, kurtosis: float, published: float) -> None:
        of = SharpeEstimate(sharpe=0.458, n_periods=24, skew=skew, kurtosis=kurtosis)

        assert probabilistic_sharpe_ratio(of) == pytest.approx(published, abs=5e-4)

    def test_falls_as_the_benchmark_rises(self) -> None:
        of = SharpeEstimate(sharpe=0.1, n_periods=500)

        below, above = (probabilistic_sharpe_ratio(of, benchmark=b) for b in (0.05, 0.15))

        assert below + above == pytest.approx(1.0)
        assert below > 0.5

    def test_refuses_an_estimate_without_error(self) -> None:
        with pytest.raises(NotComputable, match="no estimation error"):
            probabilistic_sharpe_ratio(
                SharpeEstimate(sharpe=2.0, n_periods=10, skew=1.0, kurtosis=2.0)
            )

    def test_passes_noise_as_often_as_it_says(self) -> None:
        noise = np.random.default_rng(2).normal(0.0, 0.01, (2_000, 250))

        passed = sum(probabilistic_sharpe_ratio(estimate(path)) >= 0.95 for path in noise)

        # 5 % of 2,000 with a standard error of 9.7.
        assert abs(passed - 100) < 30


class TestMinimumTrackRecordLength:
    # The same paper: an annual ratio of 2 against 1 at 95 %.
    @pytest.mark.parametrize(
        ("per_year", "skew", "kurtosis", "years"),
        [(250, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
    )
    def test_is_what_was_published(
        self, per_year: int, skew: float, kurtosis: float, years: float
    ) -> None:
        of = SharpeEstimate(
            sharpe=per_period(2.0, periods_per_year=per_year),
            n_periods=2,
            skew=skew,
            kurtosis=kurtosis,
        )

        needed = minimum_track_record_length(
            of, benchmark=per_period(1.0, periods_per_year=per_year)
        )

        assert needed / per_year == pytest.approx(years, abs=5e-3)

    def test_is_the_length_at_which_the_probability_is_reached(self) -> None:
        of = SharpeEstimate(sharpe=0.08, n_periods=2, skew=-1.0, kurtosis=9.0)

        needed = minimum_track_record_length(of, benchmark=0.02, confidence=0.9)

        enough, short = (
            SharpeEstimate(sharpe=0.08, n_periods=int(needed) + more, skew=-1.0, kurtosis=9.0)
            for more in (1, -1)
        )
        assert probabilistic_sharpe_ratio(enough, benchmark=0.02) >= 0.9
        assert probabilistic_sharpe_ratio(short, benchmark=0.02) < 0.9

    def test_does_not_exist_below_the_benchmark(self) -> None:
        with pytest.raises(NotComputable, match="no track record is long enough"):
            minimum_track_record_length(PUBLISHED, benchmark=PUBLISHED.sharpe)

    @pytest.mark.parametrize("confidence", [0.5, 1.0, float("nan")])
    def test_refuses_a_confidence_out_of_range(self, confidence: float) -> None:
        with pytest.raises(InvalidArgument, match="confidence is"):
            minimum_track_record_length(PUBLISHED, confidence=confidence)
