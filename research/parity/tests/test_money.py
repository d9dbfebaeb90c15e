from decimal import Decimal

import pytest

from research.parity.causes import Cause
from research.parity.facts import Facts
from research.parity.money import PairReport, compare_pair
from research.parity.tests.making import fills, terms

CLOSES = (100.0,) * 9 + (150.0,)
BUY, SELL, LAST = (1, 10.0, 100, 0), (5, -10.0, 100, 0), (9, 2.0, 100, 0)


def report(a: tuple[tuple[float, ...], ...], b: tuple[tuple[float, ...], ...]) -> PairReport:
    one, two = Facts(name="one", fills=fills(*a)), Facts(name="two", fills=fills(*b))
    return compare_pair(a=one, b=two, terms=terms(CLOSES, lot=Decimal("0.001")))


class TestVerdict:
    def test_equal_fills_are_equal(self) -> None:
        pair = report((BUY, SELL), (BUY, SELL))

        assert pair.is_equal
        assert (pair.equity_a, pair.equity_b, pair.by_cause()) == (10_000, 10_000, {})

    def test_a_millionth_of_equity_is_tolerated_and_no_more(self) -> None:
        # A millionth of 10,000 is a cent.
        assert report((BUY, SELL), ((1, 10.0, 100, 0.0099), SELL)).is_equal
        assert not report((BUY, SELL), ((1, 10.0, 100, 0.0101), SELL)).is_equal

    def test_what_cost_and_what_earned_do_not_make_each_other_good(self) -> None:
        pair = report((BUY, SELL), ((1, 10.0, 101, 0), (5, -10.0, 101, 0)))

        assert pair.equity_a == pair.equity_b
        assert pair.inadmissible_money == pytest.approx(20)
        assert not pair.is_equal

    def test_an_admissible_cause_is_measured_and_does_not_fail(self) -> None:
        pair = report((BUY, SELL, LAST), (BUY, SELL))

        assert pair.is_equal
        assert pair.by_cause() == {Cause.END_OF_DATA: (1, -100.0)}
        assert pair.summary.missing == 1
        assert pair.summary.final_equity_rel_diff == 100 / 10_100

    def test_an_admissible_cause_excuses_no_other(self) -> None:
        pair = report((BUY, SELL, LAST), ((1, 10.0, 101, 0), SELL))

        assert not pair.is_equal
        assert pair.by_cause() == {Cause.END_OF_DATA: (1, -100.0), Cause.PRICE: (1, -10.0)}

    def test_many_small_differences_add_up(self) -> None:
        # Each quantity is within a lot, and the lots are worth 50 cents at the end.
        hours = range(1, 9)
        a = tuple((hour, 1.0, 100, 0) for hour in hours)
        b = tuple((hour, 1.001, 100, 0) for hour in hours)

        pair = report(a, b)

        ((cause, (count, money)),) = pair.by_cause().items()
        assert (cause, count) == (Cause.WITHIN_TOLERANCE, 0)
        assert money == pytest.approx(8 * 0.05)
        assert not pair.is_equal
