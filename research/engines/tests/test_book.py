"""The account that fills make."""

from fractions import Fraction

import numpy as np

from common.domain.fills import FILL_DTYPE, no_fills
from common.domain.funding import FUNDING_DTYPE
from research.engines.book import keep_book
from research.engines.tests.scripted import HOUR_NS, market

BARS = market([10, 20, 30, 40], [15, 25, 35, 45]).period


class TestKeepBook:
    def test_marks_cash_and_position_at_each_close(self) -> None:
        # 2 bought at 20 for 1 in fees: 1,000 - 41 = 959; 3 sold at 40: 959 + 120 - 2 = 1,077.
        fills = np.array(
            [(HOUR_NS, 1, 20.0, 2.0, 1.0, 0, 0), (3 * HOUR_NS, -1, 40.0, 3.0, 2.0, 0, 0)],
            FILL_DTYPE,
        )

        book = keep_book(fills=fills, bars=BARS, cash=1_000.0, lot=1.0)

        assert book.cash.tolist() == [1_000, 959, 959, 1_077]
        assert book.quantity.tolist() == [0, 2, 2, -1]
        assert book.equity.tolist() == [1_000, 959 + 50, 959 + 70, 1_077 - 45]
        assert book.cash_after.tolist() == [959, 1_077]
        assert book.quantity_after.tolist() == [2, -1]

    def test_is_the_starting_cash_without_fills(self) -> None:
        book = keep_book(fills=no_fills(), bars=BARS, cash=7.0, lot=1.0)

        assert book.equity.tolist() == [7, 7, 7, 7]

    def test_takes_the_noise_of_floats_for_no_position(self) -> None:
        quantities = (0.1, 0.2, -0.3)
        fills = np.array(
            [(HOUR_NS, np.sign(q), 1.0, abs(q), 0.0, 0, 0) for q in quantities], FILL_DTYPE
        )
        assert sum(quantities) != 0

        book = keep_book(fills=fills, bars=BARS, cash=7.0, lot=1e-8)

        assert book.quantity[-1] == 0
        assert book.equity[-1] == 7

    def test_counts_funding_with_fills_before_each_close(self) -> None:
        # 2 bought at 20; 3 received inside that bar and 5 paid at the next close but one,
        # which belongs to the bar after.
        fills = np.array([(HOUR_NS, 1, 20.0, 2.0, 0.0, 0, 0)], FILL_DTYPE)
        funding = np.array(
            [(HOUR_NS + 1, -0.1, 15.0, 2.0, 3.0), (3 * HOUR_NS, 0.1, 25.0, 2.0, -5.0)],
            FUNDING_DTYPE,
        )

        book = keep_book(fills=fills, bars=BARS, cash=100.0, lot=1.0, funding=funding)

        assert book.cash.tolist() == [100, 63, 63, 58]
        assert book.cash_after.tolist() == [60]
        assert book.equity.tolist() == [100, 63 + 50, 63 + 70, 58 + 90]

    def test_gives_a_fill_the_funding_of_its_own_moment(self) -> None:
        fills = np.array([(HOUR_NS, -1, 20.0, 2.0, 0.0, 0, 0)], FILL_DTYPE)
        funding = np.array([(HOUR_NS, 0.1, 15.0, 2.0, -3.0)], FUNDING_DTYPE)

        book = keep_book(fills=fills, bars=BARS, cash=100.0, lot=1.0, funding=funding)

        assert book.cash_after.tolist() == [137]

    def test_keeps_what_is_left_of_an_account_that_lost_nearly_all(self) -> None:
        # 4,000 fills of all of it leave a hundred-millionth of 10,000. In plain floats the
        # sum of all that went through them is 7e-8 of that off.
        left, rows = Fraction(10_000), []
        for row in range(2_000):
            price = 100.0 + row % 7
            quantity = float(left) / price
            for side, at in ((1, price), (-1, price * 0.9908)):
                left -= side * Fraction(at) * Fraction(quantity)
                rows.append((HOUR_NS, side, at, quantity, 0.0, 0, 0))
        fills = np.array(rows, FILL_DTYPE)
        exact = float(left)
        assert 1e-9 < exact / 10_000 < 1e-7

        book = keep_book(fills=fills, bars=BARS, cash=10_000.0, lot=1e-8)

        plain = 10_000 - np.cumsum(fills["side"] * fills["quantity"] * fills["price"])[-1]
        assert abs(plain / exact - 1) > 1e-9
        assert abs(book.equity[-1] / exact - 1) < 1e-11
