from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.events.sizes import Step

SIZES = ["0.1", "0.00000001", "0.05", "0.25", "1", "25", "1E-8", "0.001"]


class TestStep:
    @pytest.mark.parametrize("size", SIZES)
    @settings(deadline=None)
    @given(counts=st.lists(st.integers(0, 10**13), min_size=1))
    def test_a_multiple_is_the_number_that_its_text_reads_as(
        self, size: str, counts: list[int]
    ) -> None:
        step = Step(Decimal(size))
        written = np.array([float(str(count * step.size)) for count in counts])

        assert step.values(np.array(counts)).tolist() == written.tolist()
        assert step.counts(written).tolist() == counts
        assert not step.off(written).any()

    @pytest.mark.parametrize("size", SIZES)
    @settings(deadline=None)
    @given(count=st.integers(1, 10**6), part=st.sampled_from(["0.5", "0.1", "0.001"]))
    def test_a_number_between_two_multiples_is_off(self, size: str, count: int, part: str) -> None:
        step = Step(Decimal(size))
        between = float((count + Decimal(part)) * step.size)

        assert step.off(np.array([between])).tolist() == [True]
