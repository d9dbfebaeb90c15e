"""The procedure against slow loops; noise, a planted edge and a planted overfit."""

import tracemalloc
from itertools import combinations
from math import log
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument, InvalidInput
from research.validation.exceptions import TooFewPeriods, TooFewTrials
from research.validation.pbo import Overfitting, overfitting


def sharpe(values: list[float]) -> float:
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean / variance**0.5 if variance > 1e-24 else 0.0


def by_loops(returns: Floats, n_blocks: int) -> list[tuple[int, float, float, float]]:
    """Return choice, both ratios and logit of every combination, one number at a time."""
    rows, trials = returns.shape
    edges = [block * rows // n_blocks for block in range(n_blocks + 1)]
    found = []
    for taken in combinations(range(n_blocks), n_blocks // 2):
        halves: tuple[list[int], list[int]] = ([], [])
        for block in range(n_blocks):
            halves[block not in taken].extend(range(edges[block], edges[block + 1]))
        inside, outside = (
            [sharpe([float(returns[row, trial]) for row in half]) for trial in range(trials)]
            for half in halves
        )
        best = max(range(trials), key=lambda trial: (round(inside[trial], 12), -trial))
        below = sum(value < outside[best] - 1e-12 for value in outside)
        level = sum(abs(value - outside[best]) <= 1e-12 for value in outside)
        relative = (below + (level + 1) / 2) / (trials + 1)
        found.append((best, inside[best], outside[best], log(relative / (1 - relative))))
    return found


def noise(seed: int, trials: int = 40, rows: int = 480) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 0.01, (rows, trials))


class TestOverfitting:
    @pytest.mark.parametrize(
        ("rows", "trials", "blocks"), [(64, 5, 8), (67, 4, 6), (40, 2, 10), (41, 7, 4)]
    )
    def test_is_what_slow_loops_find(self, rows: int, trials: int, blocks: int) -> None:
        returns = noise(7, trials, rows) + 0.002

        found = overfitting(returns, n_blocks=blocks)

        expected = by_loops(returns, blocks)
        assert found.chosen.tolist() == [row[0] for row in expected]
        for part, column in ((found.in_sample, 1), (found.out_of_sample, 2)):
            wanted = [row[column] for row in expected]
            np.testing.assert_allclose(part, wanted, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.logits, [row[3] for row in expected], atol=1e-12)
        assert found.pbo == sum(row[3] <= 0 for row in expected) / len(expected)
        assert found.probability_of_loss == sum(row[2] < 0 for row in expected) / len(expected)

    def test_does_not_depend_on_the_size_of_a_chunk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        returns = noise(8, 6, 60)
        whole = overfitting(returns, n_blocks=8)

        monkeypatch.setattr("research.validation.pbo._CHUNK", 50)
        parts = overfitting(returns, n_blocks=8)

        assert parts.chosen.tolist() == whole.chosen.tolist()
        np.testing.assert_allclose(parts.logits, whole.logits, rtol=1e-12)

    def test_is_near_one_half_for_noise(self) -> None:
        found = [overfitting(noise(seed), n_blocks=10).pbo for seed in range(60)]

        # One matrix spreads by about 0.2; the mean of sixty by 0.025.
        assert np.mean(found) == pytest.approx(0.5, abs=0.08)
        assert np.std(found) > 0.05

    def test_is_low_where_one_trial_has_an_edge(self) -> None:
        returns = noise(9)
        returns[:, 17] += 0.004

        found = overfitting(returns)

        assert set(found.chosen.tolist()) == {17}
        assert found.pbo == 0.0
        assert found.probability_of_loss == 0.0

    def test_is_high_where_every_trial_was_fitted_to_one_stretch(self) -> None:
        rows, trials = 480, 40
        returns = noise(10, trials, rows)
        for trial, stretch in enumerate(np.array_split(np.arange(rows), trials)):
            # Each earns all of its return in a few days of its own, and loses it elsewhere.
            returns[stretch, trial] += 0.03
            returns[:, trial] -= returns[:, trial].mean()

        found = overfitting(returns)

        assert found.pbo > 0.9
        assert found.probability_of_loss > 0.9
        assert found.degradation is not None
        assert found.degradation < -0.5

    def test_has_a_slope_of_one_where_both_halves_are_alike(self) -> None:
        found = Overfitting(
            chosen=np.zeros(3, np.intp),
            in_sample=np.array([0.1, 0.2, 0.4]),
            out_of_sample=np.array([0.0, 0.1, 0.3]),
            logits=np.ones(3),
            n_trials=5,
        )

        assert found.degradation == pytest.approx(1.0)

    def test_has_no_slope_where_the_choice_never_varies(self) -> None:
        found = Overfitting(
            chosen=np.zeros(2, np.intp),
            in_sample=np.array([0.1, 0.1]),
            out_of_sample=np.array([0.0, 0.1]),
            logits=np.ones(2),
            n_trials=5,
        )

        assert found.degradation is None

    def test_takes_a_trial_that_never_traded_as_one_without_a_ratio(self) -> None:
        losing = noise(11, 3, 80) - 0.01
        returns = np.column_stack([losing, np.zeros(80)])

        found = overfitting(returns, n_blocks=8)

        assert set(found.chosen.tolist()) == {3}
        assert found.in_sample.tolist() == [0.0] * 70
        assert found.pbo == 0.0

    def test_takes_a_half_without_trades_as_one_without_a_ratio(self) -> None:
        returns = np.column_stack([noise(11, 3, 80) - 0.01, noise(14, 1, 80) + 0.02])
        returns[40:, 3] = 0.0

        found = overfitting(returns, n_blocks=8)

        assert found.chosen[0] == 3
        assert found.out_of_sample[0] == 0.0
        assert found.in_sample[-1] == 0.0

    def test_ranks_trials_that_did_the_same_over_a_half_alike(self) -> None:
        # Seven that part in the second half only, so that their means over all differ.
        same, apart = noise(15, 1, 8), noise(16, 7, 8)
        returns = np.concatenate([np.repeat(same, 7, axis=1), apart])

        found = overfitting(returns, n_blocks=4)

        assert found.chosen[0] == 0
        assert found.logits[-1] == 0.0

    def test_counts_equal_trials_as_overfit(self) -> None:
        returns = np.repeat(noise(12, 1, 80), 4, axis=1)

        assert overfitting(returns, n_blocks=8).pbo == 1.0

    @settings(max_examples=25)
    @given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
    def test_does_not_depend_on_leverage(self, scale: float, seed: int) -> None:
        returns = noise(seed, 5, 40)

        plain, levered = (overfitting(returns * factor, n_blocks=6) for factor in (1.0, scale))

        assert levered.chosen.tolist() == plain.chosen.tolist()
        np.testing.assert_allclose(levered.logits, plain.logits, atol=1e-12)

    @pytest.mark.timeout(30)
    def test_takes_seconds_and_bounded_memory_for_a_million_returns(self) -> None:
        returns = noise(13, 1_000, 1_000)
        tracemalloc.start()
        begin = perf_counter()

        found = overfitting(returns)

        seconds, (_, peak) = perf_counter() - begin, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found.logits) == 12_870
        assert seconds < 15
        assert peak < 200e6


class TestRefusals:
    @pytest.mark.parametrize("blocks", [5, 2, 0, -4, 22])
    def test_of_blocks_that_cannot_be_halved(self, blocks: int) -> None:
        with pytest.raises(InvalidArgument, match=f"n_blocks is {blocks}, must be even"):
            overfitting(noise(1), n_blocks=blocks)

    def test_of_a_single_trial(self) -> None:
        with pytest.raises(TooFewTrials, match="the number of trials is 1"):
            overfitting(noise(1, 1))

    def test_of_blocks_of_one_period(self) -> None:
        with pytest.raises(TooFewPeriods, match="the number of periods is 31, at least 32"):
            overfitting(noise(1, 4, 31))

    def test_of_a_return_that_is_not_finite(self) -> None:
        returns = noise(1)
        returns[3, 2] = np.inf

        with pytest.raises(InvalidInput, match="periods at row 3 are not finite"):
            overfitting(returns)
