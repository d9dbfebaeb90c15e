"""The rule against its own limit for autoregressive series, and against slow loops."""

from math import ceil, log10, sqrt

import numpy as np
import pytest

from common.domain.bars import Floats
from common.domain.errors import InvalidInput
from research.validation.block_length import block_length
from research.validation.exceptions import TooFewPeriods
from research.validation.resampling import Scheme


def autoregressive(seed: int, coefficient: float, count: int) -> Floats:
    shocks = np.random.default_rng(seed).normal(size=count)
    values = np.empty(count)
    last = 0.0
    for row, shock in enumerate(shocks):
        last = coefficient * last + shock
        values[row] = last
    return values


def by_loops(values: list[float], constant: float) -> float:
    """Return the length by the steps of the paper, lag by lag."""
    count = len(values)
    mean = sum(values) / count

    def covariance(lag: int) -> float:
        pairs = zip(values[lag:], values, strict=False)
        return sum((a - mean) * (b - mean) for a, b in pairs) / count

    run = max(5, ceil(sqrt(log10(count))))
    furthest = ceil(sqrt(count)) + run
    variance = covariance(0)
    bound = 2 * sqrt(log10(count) / count)
    reach = furthest
    for lag in range(furthest - run + 1):
        following = range(lag + 1, lag + run + 1)
        if all(abs(covariance(k) / variance) < bound for k in following):
            reach = max(lag, 1)
            break
    last = min(2 * reach, furthest)
    slope = spectrum = 0.0
    for lag in range(-last, last + 1):
        share = abs(lag) / last
        window = 1.0 if share <= 0.5 else 2 * (1 - share)
        slope += window * abs(lag) * covariance(abs(lag))
        spectrum += window * covariance(abs(lag))
    length: float = (2 * slope**2 / (constant * spectrum**2)) ** (1 / 3) * count ** (1 / 3)
    return min(max(length, 1.0), 1.0 * ceil(min(3 * sqrt(count), count / 3)))


class TestBlockLength:
    @pytest.mark.parametrize("coefficient", [-0.4, 0.0, 0.3, 0.6, 0.95])
    @pytest.mark.parametrize(
        ("scheme", "constant"), [(Scheme.STATIONARY, 2.0), (Scheme.CIRCULAR, 4 / 3)]
    )
    def test_is_what_slow_loops_find(
        self, coefficient: float, scheme: Scheme, constant: float
    ) -> None:
        values = autoregressive(1, coefficient, 300)

        found = block_length(values, scheme=scheme)

        assert found == pytest.approx(by_loops(values.tolist(), constant), rel=1e-9)

    @pytest.mark.parametrize("coefficient", [0.3, 0.5, 0.7])
    def test_nears_the_limit_of_an_autoregressive_series(self, coefficient: float) -> None:
        count = 8_000
        # G / g = 2a / (1 - a**2) for covariances a**|k|, so D = 2 g**2 leaves its 2/3 power.
        limit = (2 * coefficient / (1 - coefficient**2)) ** (2 / 3) * count ** (1 / 3)

        found = [block_length(autoregressive(seed, coefficient, count)) for seed in range(8)]

        assert np.mean(found) == pytest.approx(limit, rel=0.2)

    def test_is_longer_for_circular_blocks(self) -> None:
        values = autoregressive(2, 0.5, 1_000)

        stationary, circular = (block_length(values, scheme=scheme) for scheme in Scheme)

        assert circular / stationary == pytest.approx(1.5 ** (1 / 3))

    def test_is_short_for_noise(self) -> None:
        found = [block_length(autoregressive(seed, 0.0, 1_000)) for seed in range(20)]

        assert np.median(found) < 4

    def test_is_bounded_where_every_move_is_undone(self) -> None:
        undone = autoregressive(3, 0.0, 901)

        assert block_length(undone[1:] - undone[:-1]) == 90

    def test_does_not_depend_on_the_unit(self) -> None:
        values = autoregressive(4, 0.4, 500)

        assert block_length(values * 1e-4) == pytest.approx(block_length(values))

    def test_needs_sixteen_values(self) -> None:
        assert block_length(autoregressive(5, 0.0, 16)) >= 1.0
        with pytest.raises(TooFewPeriods, match="the number of values is 15, at least 16"):
            block_length(np.zeros(15))

    def test_refuses_a_value_that_is_not_finite(self) -> None:
        with pytest.raises(InvalidInput, match="values at row 3 are not finite"):
            block_length(np.array([0.0] * 3 + [np.nan] * 17))
