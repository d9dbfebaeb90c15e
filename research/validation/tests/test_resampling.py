from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.errors import InvalidArgument
from research.validation.resampling import Scheme, resampled_rows


class TestResampledRows:
    @given(
        n_rows=st.integers(1, 80),
        share=st.floats(0.0, 1.0),
        seed=st.integers(0, 9),
        scheme=st.sampled_from(Scheme),
    )
    def test_lie_within_the_series(
        self, n_rows: int, share: float, seed: int, scheme: Scheme
    ) -> None:
        block = 1 + share * (n_rows - 1)

        rows = resampled_rows(n_rows, block=block, rng=np.random.default_rng(seed), scheme=scheme)

        assert rows.shape == (n_rows,)
        assert rows.min() >= 0
        assert rows.max() < n_rows

    def test_come_in_blocks_of_the_length_asked_for(self) -> None:
        rows = resampled_rows(
            1_000, block=20, rng=np.random.default_rng(1), scheme=Scheme.CIRCULAR
        )

        steps = np.diff(rows) % 1_000
        assert (steps.reshape(-1)[np.arange(999) % 20 != 19] == 1).all()

    def test_come_in_geometric_blocks_of_the_mean_asked_for(self) -> None:
        rows = resampled_rows(100_000, block=20, rng=np.random.default_rng(2))

        ends = np.flatnonzero(np.diff(rows) % 100_000 != 1)
        lengths = np.diff(ends)
        assert lengths.mean() == pytest.approx(20, rel=0.05)
        # Geometric: the standard deviation is sqrt(1 - p) / p.
        assert lengths.std() == pytest.approx(20 * np.sqrt(0.95), rel=0.05)
        assert Counter(lengths.tolist()).most_common(1)[0][0] < 4

    @pytest.mark.parametrize("scheme", Scheme)
    def test_take_every_row_as_often(self, scheme: Scheme) -> None:
        rng = np.random.default_rng(3)

        drawn = [resampled_rows(10, block=4, rng=rng, scheme=scheme) for _ in range(5_000)]

        counts = np.bincount(np.concatenate(drawn))
        np.testing.assert_allclose(counts, 5_000, rtol=0.06)

    @pytest.mark.parametrize("scheme", Scheme)
    def test_repeat_themselves_under_a_seed(self, scheme: Scheme) -> None:
        first, again, other = (
            resampled_rows(50, block=5, rng=np.random.default_rng(seed), scheme=scheme)
            for seed in (4, 4, 5)
        )

        assert first.tolist() == again.tolist()
        assert first.tolist() != other.tolist()

    @pytest.mark.parametrize("block", [0.5, 11.0, float("nan")])
    def test_refuse_a_block_out_of_range(self, block: float) -> None:
        with pytest.raises(InvalidArgument, match=r"must be in \[1, 10\]"):
            resampled_rows(10, block=block, rng=np.random.default_rng(1))

    def test_refuse_an_empty_series(self) -> None:
        with pytest.raises(InvalidArgument, match="n_rows is 0"):
            resampled_rows(0, block=1, rng=np.random.default_rng(1))
