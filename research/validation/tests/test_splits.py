"""No bar is both chosen on and looked at, and none is looked at twice."""

from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.errors import InvalidArgument
from research.validation.splits import Training, walk_forward_windows


class TestWalkForwardWindows:
    @given(
        n_windows=st.integers(1, 12),
        train=st.integers(1, 60),
        spare=st.integers(0, 200),
        purge=st.integers(0, 9),
        embargo=st.integers(0, 9),
        training=st.sampled_from(Training),
    )
    def test_keep_their_promises(
        self,
        n_windows: int,
        train: int,
        spare: int,
        purge: int,
        embargo: int,
        training: Training,
    ) -> None:
        n_bars = train + purge + embargo + n_windows + spare

        windows = walk_forward_windows(
            n_bars,
            n_windows=n_windows,
            train_bars=train,
            training=training,
            purge=purge,
            embargo=embargo,
        )

        tested = list(chain.from_iterable(window.test for window in windows))
        assert tested == list(range(train + purge + embargo, n_bars))
        lengths = {len(window.test) for window in windows}
        assert max(lengths) - min(lengths) <= 1
        for window in windows:
            assert window.test.start - window.train.stop == purge + embargo
            assert not set(window.train) & set(window.test)
        if training is Training.ANCHORED:
            assert {window.train.start for window in windows} == {0}
            assert len(windows[0].train) == train
        else:
            assert {len(window.train) for window in windows} == {train}

    def test_forget_old_bars_when_they_roll(self) -> None:
        windows = walk_forward_windows(9, n_windows=3, train_bars=3)

        assert [(w.train, w.test) for w in windows] == [
            (range(3), range(3, 5)),
            (range(2, 5), range(5, 7)),
            (range(4, 7), range(7, 9)),
        ]

    def test_keep_old_bars_when_anchored(self) -> None:
        windows = walk_forward_windows(
            9, n_windows=2, train_bars=3, training=Training.ANCHORED, purge=1, embargo=1
        )

        assert [(w.train, w.test) for w in windows] == [
            (range(3), range(5, 7)),
            (range(5), range(7, 9)),
        ]

    def test_refuse_a_history_that_is_too_short(self) -> None:
        with pytest.raises(
            InvalidArgument, match=r"^10 bars leave 2 to test after 6 .* 2 between"
        ):
            walk_forward_windows(10, n_windows=3, train_bars=6, purge=2)

    @pytest.mark.parametrize(
        ("name", "value"), [("n_windows", 0), ("train_bars", 0), ("purge", -1), ("embargo", -1)]
    )
    def test_refuse_a_number_out_of_range(self, name: str, value: int) -> None:
        numbers: dict[str, Any] = {
            "n_windows": 2,
            "train_bars": 3,
            "purge": 0,
            "embargo": 0,
            name: value,
        }

        with pytest.raises(InvalidArgument, match=f"{name} is {value}"):
            walk_forward_windows(50, **numbers)
