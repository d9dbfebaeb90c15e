"""The account that fills make."""

import numpy as np

from common.domain.fills import FILL_DTYPE, no_fills
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
