import numpy as np
import pytest

from exchanges.venues.stretches import Stretch, missing_stretches, newest_first


def missing(stored: list[list[int]], end: int, least: int) -> list[tuple[int, int, bool]]:
    pieces = [np.array(piece, np.int64) for piece in stored]
    found = missing_stretches(pieces, start_ns=0, end_ns=end, step_ns=1, least_bars=least)
    return [(stretch.start_ns, stretch.end_ns, stretch.is_last) for stretch in found]


class TestMissingStretches:
    @pytest.mark.parametrize(
        ("stored", "found"),
        [
            ([], [(0, 10, True)]),
            ([[0, 1, 2]], [(3, 10, True)]),
            ([[4, 5]], [(0, 4, False), (6, 10, True)]),
            ([[1], [9]], [(0, 1, False), (2, 9, False)]),
            ([list(range(10))], []),
        ],
    )
    def test_finds_what_is_not_stored(
        self, stored: list[list[int]], found: list[tuple[int, int, bool]]
    ) -> None:
        assert missing(stored, 10, least=3) == found

    @pytest.mark.parametrize("split", [False, True])
    def test_a_short_hole_between_stored_bars_is_the_venues(self, *, split: bool) -> None:
        stored = [[0, 1], [4, 8, 9]] if split else [[0, 1, 4, 8, 9]]

        assert missing(stored, 10, least=4) == []
        assert missing(stored, 10, least=3) == [(5, 8, False)]
        assert missing(stored, 10, least=2) == [(2, 4, False), (5, 8, False)]

    def test_steps_are_as_long_as_a_bar(self) -> None:
        found = missing_stretches(
            [np.array([60, 180])], start_ns=0, end_ns=300, step_ns=60, least_bars=1
        )

        assert found == [
            Stretch(0, 60, is_last=False),
            Stretch(120, 180, is_last=False),
            Stretch(240, 300, is_last=True),
        ]


class TestNewestFirst:
    @pytest.mark.parametrize(
        ("length", "pieces"),
        [
            (30, [(20, 30), (10, 20), (0, 10)]),
            (34, [(24, 34), (14, 24), (4, 14), (0, 4)]),
            (33, [(23, 33), (13, 23), (0, 13)]),
            (3, [(0, 3)]),
            (0, []),
        ],
    )
    def test_leaves_nothing_shorter_than_the_least(
        self, length: int, pieces: list[tuple[int, int]]
    ) -> None:
        found = newest_first(
            Stretch(0, length, is_last=False), step_ns=1, piece_bars=10, least_bars=4
        )

        assert [(piece.start_ns, piece.end_ns) for piece in found] == pieces
