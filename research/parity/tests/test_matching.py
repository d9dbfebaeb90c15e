import numpy as np

from research.parity.facts import Facts, merge_fills
from research.parity.matching import PairSummary, match, summarise
from research.parity.tests.making import fills, terms

A = ((1, 2.0, 100.0, 0.2), (3, -2.0, 110.0, 0.22), (4, 2.0, 120.0, 0.24))


def compare(a: object, b: object) -> PairSummary:
    one, two = Facts(name="one", fills=a), Facts(name="two", fills=b)  # type: ignore[arg-type]
    on = terms()
    return summarise(a=one, b=two, terms=on, matching=match(one, two, on))


class TestMerging:
    def test_adds_up_pieces_of_one_execution_wherever_they_stand(self) -> None:
        pieces = fills(
            (1, 1.0, 100, 0.1), (1, 2.0, 101, 0.2), (1, 3.0, 100, 0.3), (2, -1.0, 100, 0.5)
        )

        merged = merge_fills(pieces)

        assert merged["quantity"].tolist() == [4, 2, 1]
        assert merged["price"].tolist() == [100, 101, 100]
        np.testing.assert_allclose(merged["fee"], [0.4, 0.2, 0.5])
        assert pieces["quantity"].tolist() == [1, 2, 3, 1]

    def test_keeps_what_differs_in_side_or_price_apart(self) -> None:
        pieces = fills((1, 1.0, 100, 0), (1, -1.0, 100, 0), (1, 1.0, 100.01, 0))

        assert merge_fills(pieces).tolist() == pieces.tolist()


class TestSummary:
    def test_counts_fills_of_b_against_a(self) -> None:
        pair = compare(fills(*A), fills(A[0], (2, -1.0, 105, 0.1), (2, -1.0, 106, 0.1)))

        assert (pair.a, pair.b) == ("one", "two")
        assert (pair.matched, pair.missing, pair.extra) == (1, 2, 2)

    def test_merges_before_it_counts(self) -> None:
        halves = fills((1, 1.0, 100.0, 0.1), (1, 1.0, 100.0, 0.1), *A[1:])

        pair = compare(fills(*A), halves)

        assert (pair.matched, pair.missing, pair.extra) == (3, 0, 0)
        assert (pair.max_quantity_diff, pair.final_equity_rel_diff) == (0, 0)

    def test_gives_the_largest_differences_and_that_in_equity_relative_to_the_first(self) -> None:
        pair = compare(fills(*A), fills((1, 2.5, 100, 0.2), (3, -2.25, 109, 0.22), A[2]))

        assert (pair.max_price_diff, pair.max_quantity_diff) == (1, 0.5)
        # At 100 each: 10,000 + 20 - 40 - 0.66 and 10,000 + 20.25 - 40 - 0.66.
        assert pair.final_equity_rel_diff == 0.25 / 9_979.34

    def test_a_fill_at_another_time_is_not_matched(self) -> None:
        pair = compare(fills(*A), fills((2, 2.0, 100.0, 0.2), *A[1:]))

        assert (pair.matched, pair.missing, pair.extra) == (2, 1, 1)
