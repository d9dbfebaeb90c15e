from decimal import Decimal

import numpy as np
import pytest

from common.domain.enums import FillReason
from research.parity.causes import Cause
from research.parity.facts import Facts
from research.parity.tests.making import HOUR_NS, differences, fills, funding, money, terms

CLOSES = (100.0, 100.0, 110.0, 120.0, 120.0, 130.0, 125.0, 125.0, 125.0, 125.0)
# Two of 1 bought at 100 and sold at 110, bought at 120 and sold at 130, 1 per mille each time.
TRADES = (
    (1, 2.0, 100.0, 0.2),
    (3, -2.0, 110.0, 0.22),
    (4, 2.0, 120.0, 0.24),
    (6, -2.0, 130.0, 0.26),
)


class TestFirstCauses:
    def test_equal_fills_differ_in_nothing(self) -> None:
        assert differences(fills(*TRADES), fills(*TRADES), terms(CLOSES)) == []

    def test_a_fee_that_is_a_tenth_too_high_is_the_fee(self) -> None:
        faulty = [(hour, quantity, price, 1.1 * fee) for hour, quantity, price, fee in TRADES]

        found = differences(fills(*TRADES), fills(*faulty), terms(CLOSES))

        # A tenth of 0.2 + 0.22 + 0.24 + 0.26.
        assert money(found) == pytest.approx({Cause.FEE: -0.092})
        assert [each.round_trip for each in found] == [1, 1, 2, 2]
        assert [each.side for each in found] == [1, -1, 1, -1]

    def test_a_dropped_exit_is_missing_with_all_it_was_worth(self) -> None:
        found = differences(fills(*TRADES), fills(*TRADES[:3]), terms(CLOSES))

        # 2 are still held at 125 instead of sold at 130 for a fee of 0.26.
        assert money(found) == pytest.approx({Cause.MISSING: -2 * 5 + 0.26})
        assert (found[0].ts_ns, found[0].side, found[0].round_trip) == (6 * HOUR_NS, -1, 2)

    def test_a_fill_that_nobody_else_has_is_extra(self) -> None:
        found = differences(fills(*TRADES), fills(*TRADES, (7, 1.0, 120.0, 0.5)), terms(CLOSES))

        # 1 bought at 120 is worth 125 at the end.
        assert money(found) == pytest.approx({Cause.EXTRA: 5 - 0.5})

    def test_a_fill_one_bar_late_is_timing_alone(self) -> None:
        late = (TRADES[0], (4, -2.0, 120.0, 0.24), (5, 2.0, 120.0, 0.24), TRADES[3])

        found = differences(fills(*TRADES), fills(*late), terms(CLOSES))

        # Sold for 10 more on each of 2 at a fee 0.02 higher; bought again at the same price.
        assert money(found) == pytest.approx({Cause.TIMING: 20 - 0.02})
        assert [(each.ts_ns // HOUR_NS, each.side) for each in found] == [(3, -1), (4, 1)]

    def test_a_fill_one_bar_early_is_timing_too(self) -> None:
        early = ((2, 2.0, 105.0, 0.21), *TRADES[1:])
        on_time = ((3, 2.0, 100.0, 0.2), (5, -2.0, 110.0, 0.22), *TRADES[2:])

        found = differences(
            fills(on_time[0], *TRADES[3:]), fills(early[0], *TRADES[3:]), terms(CLOSES)
        )

        assert money(found) == pytest.approx({Cause.TIMING: -2 * 5 - 0.01})

    def test_another_price_is_the_price_and_the_fee_on_it_too(self) -> None:
        dearer = ((1, 2.0, 101.0, 0.202), *TRADES[1:])

        found = differences(fills(*TRADES), fills(*dearer), terms(CLOSES))

        assert money(found) == pytest.approx({Cause.PRICE: -2 - 0.002})

    def test_another_size_is_the_quantity(self) -> None:
        larger = ((1, 3.0, 100.0, 0.3), (3, -3.0, 110.0, 0.33), *TRADES[2:])

        found = differences(fills(*TRADES), fills(*larger), terms(CLOSES))

        # One more, from 100 to 110, for fees of 0.1 and 0.11.
        assert money(found) == pytest.approx({Cause.QUANTITY: 10 - 0.21})
        assert len(found) == 1

    def test_a_fill_that_is_missing_on_the_last_bar_is_the_end_of_data(self) -> None:
        last = (9, 1.0, 120.0, 0.12)

        found = differences(fills(*TRADES, last), fills(*TRADES), terms(CLOSES))

        assert money(found) == pytest.approx({Cause.END_OF_DATA: -(5 - 0.12)})
        assert all(each.is_admissible for each in found)

    def test_an_order_near_the_minimum_that_one_leaves_out_is_the_engine_s_minimum(self) -> None:
        small = (7, 1.0, 120.0, 0.12)

        def causes(minimum: str) -> set[Cause]:
            on = terms(CLOSES, min_notional=Decimal(minimum))
            return set(money(differences(fills(*TRADES, small), fills(*TRADES), on)))

        # 120 is less than half as much again as 81, and not as 79.
        assert (causes("81"), causes("79")) == ({Cause.ENGINE_MINIMUM}, {Cause.MISSING})

    def test_a_stop_at_another_price_is_a_stop_gap(self) -> None:
        stop = FillReason.STOP_LOSS
        at_open = (TRADES[0], (3, -2.0, 95.0, 0.19, stop))
        at_level = (TRADES[0], (3, -2.0, 98.0, 0.196, stop))

        found = differences(fills(*at_open), fills(*at_level), terms(CLOSES))

        assert money(found) == pytest.approx({Cause.STOP_GAP: 6 - 0.006})

    def test_a_stop_at_another_time_is_a_stop_gap_however_late(self) -> None:
        trailing = FillReason.TRAILING
        early = (TRADES[0], (2, -2.0, 105.0, 0.21, trailing))
        late = (TRADES[0], (8, -2.0, 125.0, 0.25, trailing))

        found = differences(fills(*early), fills(*late), terms(CLOSES))

        assert money(found) == pytest.approx({Cause.STOP_GAP: 40 - 0.04})

    def test_a_stop_that_one_engine_lacks_is_missing(self) -> None:
        stopped = (TRADES[0], (3, -2.0, 95.0, 0.19, FillReason.STOP_LOSS))

        found = differences(fills(*stopped), fills(TRADES[0]), terms(CLOSES))

        assert money(found) == pytest.approx({Cause.MISSING: 2 * 30 + 0.19})


class TestFunding:
    def test_that_the_position_does_not_explain_is_funding(self) -> None:
        held = fills((1, 2.0, 100.0, 0.2))
        due = funding((4, 0.001, 120.0, 2.0), (8, 0.001, 125.0, 2.0))
        a, b = (
            Facts(name="a", fills=held, funding=due),
            Facts(name="b", fills=held, funding=due[:1]),
        )

        found = differences(a, b, terms(CLOSES))

        assert money(found) == pytest.approx({Cause.FUNDING: 0.25})

    def test_of_a_position_that_should_not_be_there_belongs_to_what_made_it(self) -> None:
        both = fills((1, 2.0, 100.0, 0.2), (3, 1.0, 110.0, 0.11))
        a = Facts(name="a", fills=both[:1], funding=funding((4, 0.001, 120.0, 2.0)))
        b = Facts(name="b", fills=both, funding=funding((4, 0.001, 120.0, 3.0)))

        found = differences(a, b, terms(CLOSES))

        # 1 too many from 110 to 125, its fee, and 0.12 of funding.
        assert money(found) == pytest.approx({Cause.EXTRA: 15 - 0.11 - 0.12})


class TestWhatFollows:
    """What an earlier difference makes of later sizes belongs to that difference."""

    def test_an_exit_with_nothing_to_sell_is_no_second_difference(self) -> None:
        found = differences(fills(*TRADES), fills(*TRADES[2:]), terms(CLOSES))

        # The whole first round trip is gone: 20 - 0.42.
        assert money(found) == pytest.approx({Cause.MISSING: -(20 - 0.42)})
        assert [(each.ts_ns, each.count) for each in found] == [(HOUR_NS, 1)]

    def test_sizes_from_a_smaller_equity_belong_to_what_made_it_smaller(self) -> None:
        # All of 10,000 at 100 without fees; sold at 110 for 11,000. The second engine takes
        # 110 for the sale; all of what is left goes into 120 and is sold at 130.
        a = fills(
            (1, 100.0, 100, 0),
            (3, -100.0, 110, 0),
            (4, 11_000 / 120, 120, 0),
            (6, -11_000 / 120, 130, 0),
        )
        b = fills(
            (1, 100.0, 100, 0),
            (3, -100.0, 110, 110),
            (4, 10_890 / 120, 120, 0),
            (6, -10_890 / 120, 130, 0),
        )

        found = differences(a, b, terms(CLOSES, by_equity=True))

        # 110 less, of which a twelfth more would have been made.
        assert money(found) == pytest.approx({Cause.FEE: round(-110 * 130 / 120, 6)})
        assert found[0].ts_ns == 3 * HOUR_NS

    def test_a_buy_with_all_cash_is_smaller_by_its_own_higher_fee(self) -> None:
        a = fills((1, 10_000 / 101, 100, 10_000 / 101))
        b = fills((1, 10_000 / 102, 100, 20_000 / 102))

        found = differences(a, b, terms((100.0, 100.0, 100.0), by_equity=True))

        assert money(found) == pytest.approx({
            Cause.FEE: round(10_000 * 100 / 102 - 10_000 * 100 / 101, 6)
        })

    def test_a_buy_with_all_cash_is_larger_at_its_own_lower_price(self) -> None:
        a, b = fills((1, 100.0, 100, 0)), fills((1, 125.0, 80, 0))

        found = differences(a, b, terms((100.0, 100.0, 100.0), by_equity=True))

        assert money(found) == pytest.approx({Cause.PRICE: 2_500})

    def test_equal_sizes_after_a_difference_are_no_difference(self) -> None:
        # The equity differs and the size does not: there is nothing that must be explained.
        a = fills((1, 10.0, 100, 1), (3, -10.0, 110, 1), (4, 10.0, 120, 1))
        b = fills((1, 10.0, 100, 5), (3, -10.0, 110, 1), (4, 10.0, 120, 1))

        assert money(differences(a, b, terms(CLOSES, by_equity=True))) == pytest.approx({
            Cause.FEE: -4
        })

    def test_an_engine_that_holds_the_opposite_comes_back_in_one_cause(self) -> None:
        # The second engine has sold 4 at hour 3 where the first sold 2: short 2, it buys 2 back
        # when the first buys 2, which brings both to where they should be.
        a = fills((1, 2.0, 100, 0), (3, -2.0, 110, 0))
        b = fills((1, 2.0, 100, 0), (3, -4.0, 110, 0), (5, 2.0, 120, 0))

        assert money(differences(a, b, terms(CLOSES))) == pytest.approx({Cause.QUANTITY: -20})


class TestTolerances:
    def test_a_lot_more_is_within_them_and_its_money_is_kept(self) -> None:
        a, b = fills((1, 2.0, 100, 0)), fills((1, 2.01, 100, 0))

        found = differences(a, b, terms(CLOSES, lot=Decimal("0.01")))

        assert money(found) == pytest.approx({Cause.WITHIN_TOLERANCE: 0.25})

    def test_a_stated_tick_is_the_tolerance_of_prices(self) -> None:
        a, b = fills((1, 2.0, 100, 0)), fills((1, 2.0, 100.01, 0))

        def cause(**sizes: Decimal) -> list[Cause]:
            return list(money(differences(a, b, terms(CLOSES, **sizes))))

        assert cause(tick=Decimal("0.01")) == [Cause.WITHIN_TOLERANCE]
        assert cause(tick=Decimal("0.009")) == cause() == [Cause.PRICE]

    def test_many_differences_of_one_cause_are_shown_together(self) -> None:
        a = fills(*[(hour, 1.0, 100, 1) for hour in range(1, 10)])
        b = fills(*[(hour, 1.0, 100, 1 + hour) for hour in range(1, 10)])

        found = differences(a, b, terms((100.0,) * 10), most=3)

        assert [(each.money, each.count) for each in found] == [
            (-1, 1), (-2, 1), (-3, 1), (-4 - 5 - 6 - 7 - 8 - 9, 6),
        ]  # fmt: skip
        assert np.isclose(sum(each.money for each in found), -45)
