"""Timing that is there, timing that is not, and what a market gave to anybody."""

from collections import Counter
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument, InvalidInput
from research.validation.exceptions import NotComputable
from research.validation.significance import Significance, permutation_test, random_entry_test


def market(seed: int, drift: float = 0.0) -> Floats:
    return np.random.default_rng(seed).normal(drift, 0.01, 800)


def random_positions(seed: int) -> Floats:
    """Return long positions of 5 to 20 bars with gaps as long, without regard to anything."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, 21, 80)
    held = np.repeat(np.arange(80) % 2, lengths)[:800].astype(np.float64)
    return np.pad(held, (0, 800 - len(held)))


class TestRandomEntryTest:
    def test_keeps_what_knows_when_to_enter(self) -> None:
        returns = market(1)
        exposure = random_positions(1)
        returns += 0.003 * exposure

        found = random_entry_test(exposure, returns, rng=np.random.default_rng(1))

        assert found.p_value < 0.01

    def test_passes_random_entries_as_often_as_it_says(self) -> None:
        p_values = [
            random_entry_test(
                random_positions(seed),
                market(seed + 1_000),
                rng=np.random.default_rng(seed),
                n_draws=99,
            ).p_value
            for seed in range(60)
        ]

        # Three of sixty are expected, with a deviation of 1.7; the median is one half.
        assert sum(p <= 0.05 for p in p_values) <= 7
        assert np.median(p_values) == pytest.approx(0.5, abs=0.15)

    def test_gives_no_credit_for_a_market_that_rose(self) -> None:
        returns = market(2, drift=0.01)

        found = random_entry_test(random_positions(3), returns, rng=np.random.default_rng(2))

        assert found.observed > 2.0
        assert found.p_value > 0.05

    def test_counts_shorts_against_the_market(self) -> None:
        returns = np.array([0.0, -0.1, 0.0, 0.0, 0.0])

        found = random_entry_test(
            np.array([0.0, -1.0, 0.0, 0.0, 0.0]), returns, rng=np.random.default_rng(3)
        )

        assert found.observed == 0.1
        assert found.p_value == pytest.approx(0.2, abs=0.05)

    def test_puts_positions_anywhere_with_equal_chance(self) -> None:
        # Two stretches, of one bar and of two, among five bars: 2 orders times C(4, 2) gaps.
        weights = np.array([1.0, 1e1, 1e2, 1e3, 1e4])
        exposure = np.array([0.0, 1.0, 0.0, 2.0, 2.0])

        found = random_entry_test(exposure, weights, rng=np.random.default_rng(4), n_draws=4_800)

        counts = Counter(found.chance.values.tolist())
        assert sorted(counts) == sorted({
            float(np.array(places) @ weights)
            for places in set(permutations([0.0, 0.0, 1.0, 2.0, 2.0]))
            if any(places[i] == places[i + 1] == 2.0 for i in range(4))
        })
        assert len(counts) == 12
        assert min(counts.values()) > 320
        assert max(counts.values()) < 480

    def test_keeps_a_change_of_side_as_two_positions(self) -> None:
        weights = np.array([1.0, 1e1, 1e2, 1e3])

        found = random_entry_test(
            np.array([1.0, -1.0, 0.0, 0.0]), weights, rng=np.random.default_rng(5), n_draws=2_000
        )

        assert len(set(found.chance.values.tolist())) == 12

    @pytest.mark.parametrize(
        ("exposure", "state"), [(np.ones(4), "a position"), (np.zeros(4), "no position")]
    )
    def test_concludes_nothing_where_nothing_could_be_elsewhere(
        self, exposure: Floats, state: str
    ) -> None:
        with pytest.raises(NotComputable, match=f"all 4 bars have {state}"):
            random_entry_test(exposure, np.zeros(4), rng=np.random.default_rng(1))


class TestPermutationTest:
    def test_keeps_what_knows_when_to_enter(self) -> None:
        exposure = random_positions(1)
        returns = market(4) + 0.003 * exposure

        found = permutation_test(exposure, returns, rng=np.random.default_rng(6))

        assert found.p_value < 0.01

    def test_passes_random_positions_as_often_as_it_says(self) -> None:
        p_values = [
            permutation_test(
                random_positions(seed),
                market(seed + 1_000),
                rng=np.random.default_rng(seed),
                n_draws=99,
            ).p_value
            for seed in range(200)
        ]

        # Ten of two hundred are expected, with a deviation of 3.1.
        assert sum(p <= 0.05 for p in p_values) <= 19
        assert np.median(p_values) == pytest.approx(0.5, abs=0.1)

    def test_is_what_all_orders_give(self) -> None:
        exposure, returns = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.4, 0.2, 0.1, -0.3])

        found = permutation_test(exposure, returns, rng=np.random.default_rng(7), n_draws=6_000)

        # One of six pairs is as good as the two best bars.
        assert found.p_value == pytest.approx(1 / 6, abs=0.02)

    def test_concludes_nothing_from_a_position_that_never_changes(self) -> None:
        with pytest.raises(NotComputable, match=r"the exposure is 1\.0 on every bar"):
            permutation_test(np.ones(4), np.zeros(4), rng=np.random.default_rng(1))


class TestRefusals:
    @pytest.mark.parametrize("test", [random_entry_test, permutation_test])
    def test_of_what_does_not_fit(self, test: Callable[..., Significance]) -> None:
        rng = np.random.default_rng(1)
        with pytest.raises(InvalidInput, match=r"exposure has shape \(2,\), returns \(3,\)"):
            test(np.array([0.0, 1.0]), np.zeros(3), rng=rng)
        with pytest.raises(InvalidInput, match="returns at row 1 are not finite"):
            test(np.array([0.0, 1.0]), np.array([0.0, np.nan]), rng=rng)
        with pytest.raises(InvalidInput, match="exposures at row 0 are not finite"):
            test(np.array([np.inf, 1.0]), np.zeros(2), rng=rng)
        with pytest.raises(InvalidArgument, match="n_draws is 0"):
            test(np.array([0.0, 1.0]), np.zeros(2), rng=rng, n_draws=0)
