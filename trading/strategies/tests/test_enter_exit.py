import numpy as np

from common.domain.bars import Floats
from trading.strategies.enter_exit import enter_exit

NAN = float("nan")


def _held(entry: str, leave: str, inputs: tuple[Floats, ...] = ()) -> Floats:
    flags = [np.array([mark == "x" for mark in row], dtype=np.bool_) for row in (entry, leave)]
    return enter_exit(flags[0], flags[1], inputs=inputs)


class TestEnterExit:
    def test_is_flat_until_the_first_entry(self) -> None:
        assert _held("..x.", "....").tolist() == [0, 0, 1, 1]

    def test_holds_until_the_exit_and_stays_out_after_it(self) -> None:
        assert _held("x.....", "...x..").tolist() == [1, 1, 1, 0, 0, 0]

    def test_enters_again(self) -> None:
        assert _held("x...x.", "..x...").tolist() == [1, 1, 0, 0, 1, 1]

    def test_is_moved_by_neither_a_second_entry_nor_an_exit_while_out(self) -> None:
        assert _held(".x.x...", "x....xx").tolist() == [0, 1, 1, 1, 1, 0, 0]

    def test_leaves_where_both_are_said(self) -> None:
        assert _held("xx.", ".x.").tolist() == [1, 0, 0]

    def test_is_nan_until_every_input_is_warm_and_forgets_what_was_said_before(self) -> None:
        first, second = np.array([NAN, 1, 1, 1]), np.array([NAN, NAN, 1, 1])

        held = _held(".x.x", "....", (first, second))

        np.testing.assert_array_equal(held, [NAN, NAN, 0, 1])

    def test_gives_nothing_for_no_bars(self) -> None:
        assert _held("", "").tolist() == []

    def test_is_all_nan_where_nothing_gets_warm(self) -> None:
        np.testing.assert_array_equal(_held("xx", "..", (np.full(2, NAN),)), [NAN, NAN])
