"""What every engine on bars must do, on markets small enough to work out by hand.

An engine joins by its line in the registry. What one cannot do is declared on the test
with `notimpl` (the adapter lacks it), `notyet` (the engine has a fault) or `never` (the
engine cannot), naming the engine, the error and the reason; a declared gap that closes
fails the suite.
"""

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.enums import FillReason, Liquidity
from research.domain.backtest import BacktestResult
from research.engines.base import BacktestEngine
from research.engines.tests.scripted import HOUR_NS, ask, market
from research.exceptions import NoBarsInPeriod

NAN = float("nan")
FREE = CostModel(fee_rate=0.0)
ONE_PERCENT = CostModel(fee_rate=0.01)


def facts(result: BacktestResult) -> list[tuple[int, int, float, float, float]]:
    """Return the fills as (hour, side, price, quantity, fee), rounded to a millionth."""
    return [
        (
            int(fill["ts_ns"]) // HOUR_NS,
            int(fill["side"]),
            round(float(fill["price"]), 6),
            round(float(fill["quantity"]), 6),
            round(float(fill["fee"]), 6),
        )
        for fill in result.fills
    ]


def equity(result: BacktestResult) -> list[float]:
    """Return the equity at each close, rounded to a millionth."""
    return [round(float(value), 6) for value in result.equity]


class EngineConformance:
    """Cases with their arithmetic; each starts with 10,000 in cash unless it says otherwise."""

    def test_buys_and_holds(self, engine: BacktestEngine) -> None:
        # Close 100: 10,000 / 100 = 100, filled at the next open, 100, and never sold.
        bars = market([100, 100, 110], [100, 110, 120])

        result = engine.run(ask([1, 1, 1], costs=FREE), bars)

        assert facts(result) == [(1, 1, 100, 100, 0)]
        assert equity(result) == [10_000, 11_000, 12_000]
        assert (result.cash, result.quantity) == (0, 100)

    def test_pays_fees_on_both_sides_of_a_round_trip(self, engine: BacktestEngine) -> None:
        # Half of 10,000 at 100 is 50 for 5,000 + 50; sold at 120 for 6,000 - 60:
        # 4,950 + 5,940 = 10,890. At the close between, 4,950 + 50 * 110 = 10,450.
        bars = market([100, 100, 120], [100, 110, 120])

        result = engine.run(ask([0.5, 0, 0], costs=ONE_PERCENT), bars)

        assert facts(result) == [(1, 1, 100, 50, 50), (2, -1, 120, 50, 60)]
        assert equity(result) == [10_000, 10_450, 10_890]
        assert result.quantity == 0
        assert set(result.fills["liquidity"]) == {Liquidity.TAKER}
        assert set(result.fills["reason"]) == {FillReason.TARGET}

    def test_sells_short_and_covers(self, engine: BacktestEngine) -> None:
        # 50 sold at 100 for 5,000 - 50: cash 14,950; at 90 worth 14,950 - 4,500 = 10,450;
        # covered at 80 for 4,000 + 40: 10,910.
        bars = market([100, 100, 80], [100, 90, 80])

        result = engine.run(ask([-0.5, 0, 0], costs=ONE_PERCENT, account=AccountType.MARGIN), bars)

        assert facts(result) == [(1, -1, 100, 50, 50), (2, 1, 80, 50, 40)]
        assert equity(result) == [10_000, 10_450, 10_910]

    def test_turns_from_long_to_short_in_one_fill(self, engine: BacktestEngine) -> None:
        # 100 bought at 100; at 110 equity 11,000 wants -100, so 200 are sold at 110:
        # cash 22,000, worth 22,000 - 100 * 100 = 12,000 at 100.
        bars = market([100, 100, 110], [100, 110, 100])

        result = engine.run(ask([1, -1, -1], costs=FREE, account=AccountType.MARGIN), bars)

        assert facts(result) == [(1, 1, 100, 100, 0), (2, -1, 110, 200, 0)]
        assert equity(result) == [10_000, 11_000, 12_000]
        assert result.quantity == -100

    def test_refuses_a_period_without_bars(self, engine: BacktestEngine) -> None:
        with pytest.raises(NoBarsInPeriod, match=r"BTC/USD\.TEST has no bar"):
            engine.run(ask([]), market([]))

    def test_makes_nothing_of_one_bar(self, engine: BacktestEngine) -> None:
        result = engine.run(ask([1]), market([100]))

        assert facts(result) == []
        assert equity(result) == [10_000]

    def test_cuts_a_buy_to_what_cash_pays(self, engine: BacktestEngine) -> None:
        # Wanted 10,000 / 100 = 100, but it opens at 160 and the fee is a quarter:
        # 10,000 / (160 * 1.25) = 50, which costs 8,000 + 2,000.
        bars = market([100, 160], [100, 160])

        result = engine.run(ask([1, 1], costs=CostModel(fee_rate=0.25)), bars)

        assert facts(result) == [(1, 1, 160, 50, 2_000)]
        assert equity(result) == [10_000, 8_000]
        assert result.cash == 0

    def test_skips_orders_below_the_minimum_until_the_target_changes(
        self, engine: BacktestEngine
    ) -> None:
        # 10 * 100 = 1,000 and 15 * 100 are below 2,000; the same target is no new order.
        bars = market([100] * 5, min_notional="2000")

        result = engine.run(ask([0.1, 0.1, 0.15, 0.5, 0.5], costs=FREE), bars)

        assert facts(result) == [(4, 1, 100, 50, 0)]
        assert result.skipped_orders == 2

    def test_closes_a_position_below_the_minimum(self, engine: BacktestEngine) -> None:
        # 50 are worth 1,500 at 30: too little for any order but the one that closes.
        bars = market([100, 100, 30, 30], min_notional="2000")

        result = engine.run(ask([0.5, 0.5, 0, 0], costs=FREE), bars)

        assert facts(result) == [(1, 1, 100, 50, 0), (3, -1, 30, 50, 0)]
        assert result.skipped_orders == 0

    def test_does_not_test_the_minimum_again_on_an_order_cut_to_the_cash(
        self, engine: BacktestEngine
    ) -> None:
        # 100 * 100 = 10,000 is the minimum; cash pays for 10,000 / 101 = 99 after the fee.
        bars = market([100, 100], lot="1", min_notional="10000")

        result = engine.run(ask([1, 1], costs=ONE_PERCENT), bars)

        assert facts(result) == [(1, 1, 100, 99, 99)]

    def test_fills_at_the_next_stored_bar_where_bars_are_missing(
        self, engine: BacktestEngine
    ) -> None:
        bars = market([100, 100, 125, 130], hours=[0, 1, 5, 6])

        result = engine.run(ask([NAN, 0.5, 0.5, 0.5], costs=FREE), bars)

        assert facts(result) == [(5, 1, 125, 50, 0)]

    def test_keeps_what_is_held_where_there_is_no_target(self, engine: BacktestEngine) -> None:
        # The 0.5 after the gap is the target that was read last, so it is no order.
        bars = market([100, 100, 100, 200, 200, 200])

        result = engine.run(ask([NAN, 0.5, NAN, 0.5, 0, NAN], costs=FREE), bars)

        assert facts(result) == [(2, 1, 100, 50, 0), (5, -1, 200, 50, 0)]

    def test_follows_fractions_of_equity(self, engine: BacktestEngine) -> None:
        # 0.3 * 10,000 / 100 = 30; at 200 equity is 7,000 + 6,000 = 13,000, of which 0.5
        # is 32.5: 2.5 more; 0.2 of the same equity is 13: 19.5 less.
        bars = market([100, 100, 200, 200, 200])

        result = engine.run(ask([0.3, 0.3, 0.5, 0.2, 0.2], costs=FREE), bars)

        assert facts(result) == [
            (1, 1, 100, 30, 0),
            (3, 1, 200, 2.5, 0),
            (4, -1, 200, 19.5, 0),
        ]
        assert equity(result) == [10_000, 10_000, 13_000, 13_000, 13_000]

    def test_makes_nothing_of_a_target_on_the_last_bar(self, engine: BacktestEngine) -> None:
        result = engine.run(ask([0, 0, 1]), market([100, 100, 100]))

        assert facts(result) == []

    def test_reads_no_target_before_the_period(self, engine: BacktestEngine) -> None:
        # The target of 1 stands since the warm-up; the period's first close reads it anew.
        bars = market([50, 100, 100, 100], first=2)

        result = engine.run(ask([1, 1, 1, 1], costs=FREE), bars)

        assert facts(result) == [(3, 1, 100, 100, 0)]
        assert len(result.equity) == 2

    def test_ends_where_equity_falls_to_zero(self, engine: BacktestEngine) -> None:
        # 100 sold at 100: cash 20,000; at 250 equity is 20,000 - 25,000. What follows is
        # not counted, although the price comes back.
        bars = market([100, 100, 90, 90, 90], [100, 250, 90, 90, 90])

        result = engine.run(ask([-1, 0, 0, -1, 0], costs=FREE, account=AccountType.MARGIN), bars)

        assert result.ruined
        assert facts(result) == [(1, -1, 100, 100, 0)]
        assert equity(result) == [10_000, -5_000]
        assert (result.cash, result.quantity) == (20_000, -100)

    def test_slips_against_the_trader_on_both_sides(self, engine: BacktestEngine) -> None:
        # 50 at 100 * 1.01, then at 120 * 0.99: prices outside their bars are not cut.
        bars = market([100, 100, 120], [100, 100, 120])

        result = engine.run(ask([0.5, 0, 0], costs=CostModel(fee_rate=0, slippage=0.01)), bars)

        assert facts(result) == [(1, 1, 101, 50, 0), (2, -1, 118.8, 50, 0)]
        assert equity(result) == [10_000, 9_950, 10_890]

    def test_sizes_by_a_fixed_notional(self, engine: BacktestEngine) -> None:
        # 1,000 / 200 = 5 at the close that decides, whatever the open is.
        bars = market([200, 250, 250], [200, 250, 250])

        result = engine.run(
            ask([1, 1, 1], costs=FREE, sizing=Sizing.parse("fixed_notional=1000")), bars
        )

        assert facts(result) == [(1, 1, 250, 5, 0)]

    def test_sizes_by_a_fixed_quantity(self, engine: BacktestEngine) -> None:
        # 0.29 is 29 lots of 0.01, though 0.29 / 0.01 is a little less in binary.
        bars = market([200, 250, 300], lot="0.01")
        sizing = Sizing.parse("fixed_quantity=0.29")

        result = engine.run(ask([1, 0, 0], costs=FREE, sizing=sizing), bars)

        assert facts(result) == [(1, 1, 250, 0.29, 0), (2, -1, 300, 0.29, 0)]
        assert result.fills["quantity"].tolist() == [0.29, 0.29]

    def test_rounds_the_order_toward_zero_and_not_the_wanted_quantity(
        self, engine: BacktestEngine
    ) -> None:
        # 10,000 / 30 = 333.33 -> 333.3. Half of it is 166.67, so the order is -166.63
        # -> -166.6, which leaves 166.7: more than 166.6, the wanted quantity rounded.
        bars = market([30, 30, 30], lot="0.1")

        result = engine.run(ask([1, 0.5, 0.5], costs=FREE), bars)

        assert facts(result) == [(1, 1, 30, 333.3, 0), (2, -1, 30, 166.6, 0)]
        assert round(result.quantity, 9) == 166.7

    def test_rebalances_at_every_bar_where_it_is_asked_to(self, engine: BacktestEngine) -> None:
        # Half of 10,000 is 50 at 100; at 200 equity is 15,000, of which half is 37.5.
        bars = market([100, 100, 200], [100, 200, 200], lot="0.1")
        request = ask([0.5, 0.5, 0.5], costs=FREE, rebalance=Rebalance.EVERY_BAR)

        result = engine.run(request, bars)

        assert facts(result) == [(1, 1, 100, 50, 0), (2, -1, 200, 12.5, 0)]

    def test_gives_the_same_bits_when_asked_twice(self, engine: BacktestEngine) -> None:
        chance = np.random.default_rng(5)
        bars = market(100 * np.exp(np.cumsum(chance.normal(0, 0.02, 500))))
        request = ask(chance.choice([0, 0.3, 1, NAN], 500), costs=CostModel(slippage=0.001))

        one, two = engine.run(request, bars), engine.run(request, bars)

        assert len(one.fills) > 100
        assert one.fills.tobytes() == two.fills.tobytes()
        assert one.equity.tobytes() == two.equity.tobytes()
        assert (one.cash, one.quantity) == (two.cash, two.quantity)
