"""Published numbers, a second implementation, and noise that must be rejected."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from common.domain.errors import InvalidArgument
from research.validation.deflation import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    trial_variance,
)
from research.validation.exceptions import TooFewTrials
from research.validation.sharpe import (
    SharpeEstimate,
    estimate,
    per_period,
    probabilistic_sharpe_ratio,
)

GAMMA = 0.5772156649015329
# Bailey and Lopez de Prado, "The Deflated Sharpe Ratio", 2014: the numerical example.
PUBLISHED = SharpeEstimate(
    sharpe=per_period(2.5, periods_per_year=250), n_periods=1250, skew=-3.0, kurtosis=10.0
)


def deflated_by_sums(returns: list[float], trials: list[float]) -> float:
    """Return the ratio by the formulas of the paper, number by number."""
    count = len(returns)
    mean = sum(returns) / count
    second, third, fourth = (
        sum((value - mean) ** power for value in returns) / count for power in (2, 3, 4)
    )
    ratio = mean / sqrt(second * count / (count - 1))
    skew, kurtosis = third / second**1.5, fourth / second**2
    middle = sum(trials) / len(trials)
    spread = sqrt(sum((trial - middle) ** 2 for trial in trials) / (len(trials) - 1))
    best = spread * (
        (1 - GAMMA) * stats.norm.ppf(1 - 1 / len(trials))
        + GAMMA * stats.norm.ppf(1 - 1 / len(trials) * exp(-1))
    )
    error = sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
    return float(stats.norm.cdf((ratio - best) * sqrt(count - 1) / error))


class TestTrialVariance:
    def test_leaves_out_trials_without_a_ratio(self) -> None:
        assert trial_variance(np.array([np.nan, 0.1, np.inf, 0.3])) == pytest.approx(0.02)

    @pytest.mark.parametrize("sharpes", [[], [0.1], [0.1, np.nan], [np.nan, np.inf]])
    def test_is_unknown_with_fewer_than_two(self, sharpes: list[float]) -> None:
        with pytest.raises(TooFewTrials, match="at least 2 needed"):
            trial_variance(np.array(sharpes))


class TestExpectedMaximumSharpe:
    def test_is_what_was_published(self) -> None:
        found = expected_maximum_sharpe(100, variance=0.5 / 250)

        assert found == pytest.approx(0.1132, abs=5e-5)

    @pytest.mark.parametrize("count", [10, 100, 1_000])
    def test_is_near_the_mean_best_of_so_many_draws(self, count: int) -> None:
        draws = np.random.default_rng(3).normal(0.0, 0.2, (2_000, count))

        best = draws.max(axis=1).mean()

        assert expected_maximum_sharpe(count, variance=0.04) == pytest.approx(best, rel=0.03)

    def test_grows_with_any_number_of_trials(self) -> None:
        found = [expected_maximum_sharpe(10**k, variance=1.0) for k in range(1, 18)]

        assert all(np.diff(found) > 0)

    @pytest.mark.parametrize("count", [1, 0, -5])
    def test_needs_two_trials(self, count: int) -> None:
        with pytest.raises(TooFewTrials, match=f"the number of trials is {count}"):
            expected_maximum_sharpe(count, variance=0.1)

    @pytest.mark.parametrize("variance", [-0.1, float("nan"), float("inf")])
    def test_refuses_a_variance_that_is_none(self, variance: float) -> None:
        with pytest.raises(InvalidArgument, match="the variance of the trials is"):
            expected_maximum_sharpe(10, variance=variance)


class TestDeflatedSharpeRatio:
    @pytest.mark.parametrize(("trials", "published"), [(100, 0.9004), (46, 0.9505)])
    def test_is_what_was_published(self, trials: int, published: float) -> None:
        found = deflated_sharpe_ratio(PUBLISHED, n_trials=trials, variance=0.5 / 250)

        assert found == pytest.approx(published, abs=5e-5)

    @given(
        returns=st.lists(st.floats(-0.2, 0.2), min_size=10, max_size=40).filter(
            lambda values: np.std(values) > 1e-3
        ),
        trials=st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=50),
    )
    def test_is_what_the_formulas_give_number_by_number(
        self, returns: list[float], trials: list[float]
    ) -> None:
        found = deflated_sharpe_ratio(
            estimate(np.array(returns)),
            n_trials=len(trials),
            variance=trial_variance(np.array(trials)),
        )

        assert found == pytest.approx(deflated_by_sums(returns, trials), abs=1e-9)

    def test_is_the_probabilistic_ratio_where_all_trials_are_alike(self) -> None:
        variance = trial_variance(np.full(20, 0.1))

        found = deflated_sharpe_ratio(PUBLISHED, n_trials=20, variance=variance)

        assert found == probabilistic_sharpe_ratio(PUBLISHED)

    def test_is_low_for_the_best_of_pure_noise(self) -> None:
        estimates = [estimate(p) for p in np.random.default_rng(4).normal(0, 0.02, (100, 730))]
        variance = trial_variance(np.array([of.sharpe for of in estimates]))

        found = [deflated_sharpe_ratio(of, n_trials=100, variance=variance) for of in estimates]

        # Each is a strategy of its own that one might have promoted.
        assert sum(value >= 0.95 for value in found) == 0
        assert max(found) < 0.9

    def test_keeps_an_edge_that_is_there(self) -> None:
        rng = np.random.default_rng(5)
        paths = rng.normal(0.0, 0.02, (100, 1_460))
        # An annual ratio of 0.15 * sqrt(365) = 2.9, in one trial of a hundred.
        paths[0] += 0.15 * 0.02
        estimates = [estimate(path) for path in paths]
        variance = trial_variance(np.array([of.sharpe for of in estimates]))

        found = [deflated_sharpe_ratio(of, n_trials=100, variance=variance) for of in estimates]

        assert int(np.argmax(found)) == 0
        assert found[0] >= 0.95
