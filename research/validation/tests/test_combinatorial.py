"""Purged splits by their promises, and against a definition bar by bar."""

from itertools import chain
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.errors import InvalidArgument, InvalidInput
from research.validation.combinatorial import purged_splits


def flat(stretches: tuple[range, ...]) -> list[int]:
    return list(chain.from_iterable(stretches))


class TestPurgedSplits:
    @given(
        n_groups=st.integers(2, 6),
        share=st.floats(0.0, 0.99),
        length=st.integers(20, 30),
        odd=st.integers(0, 7),
        purge=st.integers(0, 6),
        embargo=st.integers(0, 6),
    )
    def test_keep_their_promises(
        self, n_groups: int, share: float, length: int, odd: int, purge: int, embargo: int
    ) -> None:
        n_bars, n_test = n_groups * length + odd, 1 + int(share * (n_groups - 1))

        found = purged_splits(
            n_bars, n_groups=n_groups, n_test=n_test, purge=purge, embargo=embargo
        )

        assert flat(found.groups) == list(range(n_bars))
        assert len(found.splits) == comb(n_groups, n_test)
        assert len(found.paths) == comb(n_groups - 1, n_test - 1)
        times = np.zeros(n_bars, int)
        for split in found.splits:
            tested = set(flat(split.test))
            times[list(tested)] += 1
            # A trade of bar t may last until t + purge: neither side may reach the other.
            assert flat(split.train) == [
                bar
                for bar in range(n_bars)
                if not any(other in tested for other in range(bar, bar + purge + 1))
                and not any(other in tested for other in range(bar - purge - embargo, bar))
            ]
        assert set(times.tolist()) == {len(found.paths)}

    def test_put_each_test_of_each_split_into_one_path(self) -> None:
        found = purged_splits(60, n_groups=6, n_test=2)

        used = [(split, group) for path in found.paths for group, split in enumerate(path)]
        expected = [(n, group) for n, split in enumerate(found.splits) for group in split.groups]
        assert sorted(used) == sorted(expected)
        assert len(used) == 30

    def test_join_the_tests_of_a_path_in_the_order_of_time(self) -> None:
        found = purged_splits(12, n_groups=4, n_test=2)
        tested = [
            {group: 100.0 * number + np.array(found.groups[group]) for group in split.groups}
            for number, split in enumerate(found.splits)
        ]

        joined = found.path_returns(tested)

        assert (joined % 100).tolist() == [list(range(12))] * 3
        # The first path takes of every group the first split that tests it.
        assert (joined[0] // 100).tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2]

    def test_refuse_to_join_what_is_not_there(self) -> None:
        found = purged_splits(6, n_groups=2, n_test=1)

        with pytest.raises(InvalidInput, match=r"split \(1,\) on group 1 have shape None"):
            found.path_returns([{0: np.zeros(3)}, {0: np.zeros(3)}])
        with pytest.raises(InvalidInput, match=r"shape \(2,\), must be \(3,\)"):
            found.path_returns([{0: np.zeros(2)}, {1: np.zeros(3)}])
        with pytest.raises(InvalidInput, match="1 results of 2 splits"):
            found.path_returns([{0: np.zeros(3)}])

    def test_refuse_a_purge_that_leaves_nothing(self) -> None:
        with pytest.raises(InvalidArgument, match=r"nothing to choose on beside the groups \(0,"):
            purged_splits(20, n_groups=4, n_test=3, purge=3, embargo=2)

    @pytest.mark.parametrize(
        ("numbers", "message"),
        [
            ({"n_groups": 1}, r"n_groups is 1, must be in \[2, 40\]"),
            ({"n_groups": 41}, "n_groups is 41"),
            ({"n_test": 0}, "n_test is 0"),
            ({"n_test": 4}, r"n_test is 4, must be in \[1, 3\]"),
            ({"n_groups": 20, "n_test": 10}, "make 184756 splits"),
            ({"purge": -1}, "purge is -1"),
            ({"embargo": -1}, "embargo is -1"),
        ],
    )
    def test_refuse_a_number_out_of_range(self, numbers: dict[str, int], message: str) -> None:
        with pytest.raises(InvalidArgument, match=message):
            purged_splits(40, **{"n_groups": 4, "n_test": 2, **numbers})
