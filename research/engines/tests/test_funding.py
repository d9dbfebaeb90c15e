"""When funding is due, at what mark, and what a position owes."""

from dataclasses import replace

import numpy as np

from common.domain.fills import FILL_DTYPE, Fills, no_fills
from common.domain.funding import FundingRates
from research.engines.funding import due_rates, owed, with_due_funding
from research.engines.tests.scripted import HOUR_NS, market

NAN = float("nan")
# Hours 2, 3 and 6: two bars are missing.
BARS = market([20, 30, 60], [25, 35, 65], hours=[2, 3, 6])


def rates(*entries: tuple[float, float, float]) -> FundingRates:
    """Return rates of (hour, rate, mark)."""
    hours, values, marks = np.array(entries).reshape(-1, 3).T.copy()
    return FundingRates((hours * HOUR_NS).astype(np.int64), values, marks)


def fills(*entries: tuple[float, int, float]) -> Fills:
    """Return fills of (hour, side, quantity) at 100."""
    return np.array(
        [(int(hour * HOUR_NS), side, 100.0, size, 0.0, 0, 0) for hour, side, size in entries],
        FILL_DTYPE,
    )


class TestDueRates:
    def test_are_those_inside_the_period(self) -> None:
        # The last bar of an hour opens at 6 and ends at 7, which is not in it.
        hours = [1.999, 2, 6.999, 7]
        due = due_rates(rates(*((hour, 0.01, 1.0) for hour in hours)), BARS.period)

        assert (due.ts_ns / HOUR_NS).tolist() == [2, 6.999]

    def test_keep_the_marks_that_are_stored_and_take_opens_for_the_others(self) -> None:
        # 5 lies where bars are missing: the bar that opened last before it is that of 3.
        due = due_rates(rates((2, 0.01, NAN), (3.5, 0.01, 33.0), (5, 0.01, NAN)), BARS.period)

        assert due.mark.tolist() == [20, 33, 30]

    def test_of_a_market_are_cut_to_its_period(self) -> None:
        bars = replace(BARS, first=1, funding=rates((2.5, 0.01, NAN), (3, 0.02, NAN)))

        due = with_due_funding(bars).funding

        assert due is not None
        assert (due.rate.tolist(), due.mark.tolist()) == ([0.02], [30])

    def test_of_a_market_without_rates_are_none(self) -> None:
        assert with_due_funding(BARS) is BARS


class TestOwed:
    def test_by_a_long_is_paid_and_by_a_short_received(self) -> None:
        # 3 long: -3 * 20 * 0.01; then 2 short: +2 * 30 * 0.01.
        due = rates((2, 0.01, 20.0), (4, 0.01, 30.0))

        entries = owed(fills((1, 1, 3.0), (3, -1, 5.0)), due, lot=1.0)

        assert entries["quantity"].tolist() == [3, -2]
        assert entries["amount"].tolist() == [-0.6, 0.6]
        assert entries["mark"].tolist() == [20, 30]
        assert (entries["ts_ns"] / HOUR_NS).tolist() == [2, 4]

    def test_counts_fills_strictly_before_the_moment(self) -> None:
        due = rates((1, 0.01, 20.0), (2, 0.01, 20.0))

        entries = owed(fills((1, 1, 3.0), (2, -1, 3.0)), due, lot=1.0)

        assert (entries["ts_ns"] / HOUR_NS).tolist() == [2]
        assert entries["quantity"].tolist() == [3]

    def test_makes_no_entry_of_less_than_half_a_lot(self) -> None:
        due = rates((3, 0.01, 20.0))

        assert len(owed(fills((1, 1, 0.3), (2, -1, 0.2)), due, lot=0.1)) == 1
        # 0.1 + 0.2 - 0.3 is 6e-17 in floats.
        dust = fills((1, 1, 0.1), (1, 1, 0.2), (2, -1, 0.3))
        assert len(owed(dust, due, lot=0.1)) == 0

    def test_makes_no_entry_without_fills(self) -> None:
        assert len(owed(no_fills(), rates((3, 0.01, 20.0)), lot=1.0)) == 0
