"""Targets on hftbacktest: orders at the close of a bar, on books worked out by hand."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from common.domain.costs import AccountType, CostModel, Sizing
from common.domain.enums import FillReason, Liquidity
from research.domain.settings import EngineSettings, ExecutionStyle
from research.engines.exceptions import EngineFailed
from research.engines.hftbacktest.engine import HftbacktestEngine
from research.engines.tests.scripted import ask
from research.engines.tests.tape import MS, Tape, facts, over, spread

pytestmark = [pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]

ENGINE = HftbacktestEngine()
# A maker pays a tenth of a percent, a taker one percent.
COSTS = CostModel(fee_rate=0.01, maker_fee_rate=0.001)
FREE = CostModel(fee_rate=0.0, maker_fee_rate=0.0)
MAKER = EngineSettings(execution=ExecutionStyle.MAKER)


def equity(values: list[float]) -> list[float]:
    return [round(value, 6) for value in values]


class TestTaking:
    def test_buys_at_the_best_ask_when_the_bar_closes(self, tmp_path: Path) -> None:
        # Half of 10,000 at the close of 100 is 50, taken at 100.5 for 5,025 + 50.25:
        # cash 4,924.75; at 110 worth 5,500 more.
        tape = spread().bid(130_000, 99.5, 5)

        result = ENGINE.run(
            ask([0.5, 0.5, 0.5], costs=COSTS), tape.market(tmp_path, [100, 110, 110])
        )

        assert facts(result) == [(60_000, 1, 100.5, 50, 50.25)]
        assert equity(result.equity.tolist()) == [10_000, 10_424.75, 10_424.75]
        assert (round(result.cash, 6), result.quantity) == (4_924.75, 50)
        assert result.fills["liquidity"].tolist() == [Liquidity.TAKER]
        assert result.fills["reason"].tolist() == [FillReason.TARGET]

    def test_sells_at_the_best_bid(self, tmp_path: Path) -> None:
        # 50 bought at 100.5, sold at 99.5: 10,000 - 5,025 + 4,975.
        tape = spread().bid(130_000, 99.5, 5)

        result = ENGINE.run(ask([0.5, 0, 0], costs=FREE), tape.market(tmp_path, [100] * 3))

        assert facts(result) == [(60_000, 1, 100.5, 50, 0), (120_000, -1, 99.5, 50, 0)]
        assert equity(result.equity.tolist()) == [10_000, 9_975, 9_950]
        assert result.quantity == 0

    def test_turns_from_long_to_short_in_one_fill(self, tmp_path: Path) -> None:
        # 10,000 - 5,025 = 4,975 and 50 held: 9,975 at 100, of which -0.5 is -49.875, so
        # -99.875 is wanted: 99.8 lots of 0.1 are sold.
        tape = spread().bid(130_000, 99.5, 5)
        request = ask([0.5, -0.5, -0.5], costs=FREE, account=AccountType.MARGIN)

        result = ENGINE.run(request, tape.market(tmp_path, [100] * 3))

        assert facts(result)[1] == (120_000, -1, 99.5, 99.8, 0)
        assert round(result.quantity, 9) == -49.8

    def test_makes_nothing_of_a_target_on_the_last_bar(self, tmp_path: Path) -> None:
        tape = spread().bid(130_000, 99.5, 5)

        result = ENGINE.run(ask([0, 1]), tape.market(tmp_path, [100] * 2))

        assert facts(result) == []

    def test_cuts_a_buy_to_what_cash_pays(self, tmp_path: Path) -> None:
        # 100.5 * 1.01 = 101.505 for each: 10,000 pay for 98.517, so for 98.5.
        tape = spread().bid(130_000, 99.5, 5)

        result = ENGINE.run(ask([1, 1, 1], costs=COSTS), tape.market(tmp_path, [100] * 3))

        assert facts(result) == [(60_000, 1, 100.5, 98.5, 98.9925)]

    def test_sizes_by_a_fixed_quantity_and_a_fixed_notional(self, tmp_path: Path) -> None:
        # 0.3 is three lots of 0.1, though 0.3 / 0.1 is a little less in binary; 1,000 at
        # the close of 80 is 12.5.
        market = spread().bid(130_000, 99.5, 5).market(tmp_path, [80] * 3)

        by_quantity = ask([1, 1, 1], costs=FREE, sizing=Sizing.parse("fixed_quantity=0.3"))
        by_notional = ask([1, 1, 1], costs=FREE, sizing=Sizing.parse("fixed_notional=1000"))

        assert facts(ENGINE.run(by_quantity, market)) == [(60_000, 1, 100.5, 0.3, 0)]
        assert facts(ENGINE.run(by_notional, market)) == [(60_000, 1, 100.5, 12.5, 0)]

    def test_skips_orders_below_the_minimum_but_for_the_one_that_closes(
        self, tmp_path: Path
    ) -> None:
        # 10 * 100 is below 2,000. 50 are bought; at a close of 30 they are worth 1,500.
        tape = spread().bid(310_000, 99.5, 5)
        bars = tape.market(tmp_path, [100, 100, 100, 30, 30], min_notional=Decimal(2_000))

        result = ENGINE.run(ask([0.1, 0.1, 0.5, 0, 0], costs=FREE), bars)

        assert [fill[:4] for fill in facts(result)] == [
            (180_000, 1, 100.5, 50),
            (240_000, -1, 99.5, 50),
        ]
        assert result.skipped_orders == 1

    def test_waits_for_a_book_with_a_side_to_take(self, tmp_path: Path) -> None:
        tape = Tape().bid(0, 99.5, 5).sold(1, 99.5, 1).ask(70_000, 101, 1).bid(130_000, 99, 1)

        result = ENGINE.run(ask([0.5, 0.5, 0.5], costs=FREE), tape.market(tmp_path, [100] * 3))

        assert facts(result) == [(70_000, 1, 101, 50, 0)]


class TestLatency:
    """The ask goes from 100.5 to 102 half a second after the close."""

    tape = spread().ask(60_500, 100.5, 0).ask(60_500, 102, 5).bid(64_000, 99.5, 4)

    @pytest.mark.parametrize(
        ("order_ms", "filled"), [(0, (60_000, 1, 100.5)), (499, (60_499, 1, 100.5))]
    )
    def test_that_is_short_takes_the_old_price(
        self, order_ms: int, filled: tuple[int, int, float], tmp_path: Path
    ) -> None:
        settings = EngineSettings(order_latency_ns=order_ms * MS)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=FREE, settings=settings), self.tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(*filled, 50, 0)]

    def test_that_is_long_takes_the_worse_one_later(self, tmp_path: Path) -> None:
        settings = EngineSettings(order_latency_ns=1_000 * MS)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=FREE, settings=settings), self.tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(61_000, 1, 102, 50, 0)]
        assert equity(result.equity.tolist()) == [10_000, 9_900]

    def test_makes_an_order_for_all_cash_miss_and_be_sent_again(self, tmp_path: Path) -> None:
        # 99.5 at 100.5 is what 10,000 pay for, up to 100.50; when the order arrives the ask
        # is 102. That is known at 62,500, when it is sent again for 10,000 / 102 = 98.03
        # -> 98, which arrive at 63,500.
        settings = EngineSettings(order_latency_ns=1_000 * MS, response_latency_ns=1_500 * MS)

        result = ENGINE.run(
            ask([1, 1], costs=FREE, settings=settings), self.tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(63_500, 1, 102, 98, 0)]

    def test_of_the_feed_makes_it_wait_for_another_book(self, tmp_path: Path) -> None:
        # The ask is 102 when the order arrives, and 100.5 in the book as it is known here
        # for 30 ms more.
        tape = Tape(delay_ms=40).bid(0, 99.5, 5).ask(0, 100.5, 5).bought(1, 100.5, 1)
        tape.ask(59_990, 102, 5).ask(59_990, 100.5, 0).bid(70_000, 99.5, 4)

        result = ENGINE.run(ask([1, 1], costs=FREE), tape.market(tmp_path, [100] * 2))

        assert facts(result) == [(60_030, 1, 102, 98, 0)]

    def test_of_the_answer_leaves_the_fill_where_it_was(self, tmp_path: Path) -> None:
        # Filled at 119.9 s, told at 129.9 s: at the close of 120 s the position is there.
        settings = EngineSettings(order_latency_ns=59_900 * MS, response_latency_ns=10_000 * MS)
        tape = spread().bid(170_000, 99.5, 4)

        result = ENGINE.run(
            ask([0.5] * 3, costs=FREE, settings=settings), tape.market(tmp_path, [100, 200, 200])
        )

        assert facts(result) == [(119_900, 1, 100.5, 50, 0)]
        assert equity(result.equity.tolist()) == [10_000, 14_975, 14_975]

    def test_of_the_last_answer_is_waited_for(self, tmp_path: Path) -> None:
        # Filled a second before the period ends and told nine seconds after it.
        settings = EngineSettings(order_latency_ns=59_000 * MS, response_latency_ns=10_000 * MS)
        tape = spread().bid(200_000, 99.5, 4)

        result = ENGINE.run(
            ask([0.5] * 2, costs=FREE, settings=settings), tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(119_000, 1, 100.5, 50, 0)]
        assert result.quantity == 50

    def test_that_reaches_over_the_end_makes_no_fill(self, tmp_path: Path) -> None:
        settings = EngineSettings(order_latency_ns=60_000 * MS)
        tape = spread().bid(200_000, 99.5, 4)

        result = ENGINE.run(
            ask([0.5] * 2, costs=FREE, settings=settings), tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == []
        assert (result.cash, result.quantity) == (10_000, 0)

    def test_can_be_that_of_the_recorded_events(self, tmp_path: Path) -> None:
        # Each event arrived 40 ms late, so an order takes 40 ms, and so does its answer.
        tape = Tape(delay_ms=40).bid(0, 99.5, 5).ask(0, 100.5, 5).bought(1, 100.5, 1)
        tape.ask(60_030, 100.5, 0).ask(60_030, 101, 5).bid(70_000, 99.5, 4)

        result = ENGINE.run(
            ask([0.5] * 2, costs=FREE, settings=EngineSettings(recorded_latency=True)),
            tape.market(tmp_path, [100] * 2),
        )

        assert facts(result) == [(60_040, 1, 101, 50, 0)]


class TestMaking:
    def test_rests_at_the_best_bid_and_fills_when_the_queue_ahead_has_traded(
        self, tmp_path: Path
    ) -> None:
        # 5 stand at 99.5 before us: after 4.9 nothing, after 5.1 it is our turn. The fee is
        # a maker's: 50 * 99.5 * 0.001.
        tape = spread().sold(61_000, 99.5, 4.9).sold(62_000, 99.5, 0.2).bid(70_000, 99, 1)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=COSTS, settings=MAKER), tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(62_000, 1, 99.5, 50, 4.975)]
        assert result.fills["liquidity"].tolist() == [Liquidity.MAKER]
        assert equity(result.equity.tolist()) == [10_000, 10_020.025]

    def test_sells_at_the_best_ask(self, tmp_path: Path) -> None:
        tape = spread().bought(61_000, 100.5, 5.1).bid(70_000, 99, 1)
        request = ask([-0.5, -0.5], costs=COSTS, settings=MAKER, account=AccountType.MARGIN)

        result = ENGINE.run(request, tape.market(tmp_path, [100] * 2))

        assert facts(result) == [(61_000, -1, 100.5, 50, 5.025)]

    def test_follows_the_best_bid(self, tmp_path: Path) -> None:
        # At 61 s the bid is 100, where 3 stand before us; 3.1 are sold there. What is sold
        # at 99.5 before would have filled an order left behind.
        tape = spread().bid(61_000, 100, 3).sold(62_000, 100, 2.9).sold(63_000, 100, 0.2)
        tape.bid(70_000, 99, 1)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=FREE, settings=MAKER), tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(63_000, 1, 100, 50, 0)]

    def test_gives_up_when_the_target_changes(self, tmp_path: Path) -> None:
        tape = spread().sold(121_000, 99.5, 50).bid(170_000, 99, 1)

        result = ENGINE.run(
            ask([0.5, 0, 0], costs=FREE, settings=MAKER), tape.market(tmp_path, [100] * 3)
        )

        assert facts(result) == []

    def test_goes_on_for_the_next_target_with_what_was_filled(self, tmp_path: Path) -> None:
        # 50 bought at 99.5 leave 5,025; at 100 that is 10,025, of which 0.8 is 80.2: 30.2.
        tape = spread().sold(61_000, 99.5, 5.1).bid(61_500, 99.5, 2).sold(121_000, 99.5, 2.1)
        tape.bid(170_000, 99, 1)

        result = ENGINE.run(
            ask([0.5, 0.8, 0.8], costs=FREE, settings=MAKER), tape.market(tmp_path, [100] * 3)
        )

        assert facts(result) == [(61_000, 1, 99.5, 50, 0), (121_000, 1, 99.5, 30.2, 0)]

    def test_fills_at_its_own_price_when_the_market_falls_through_it(self, tmp_path: Path) -> None:
        tape = spread().ask(61_000, 99, 1).bid(70_000, 98, 1)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=FREE, settings=MAKER), tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [(61_000, 1, 99.5, 50, 0)]


class TestWalkingTheBook:
    """5 are asked at 100.5, 10 at 101, 100 at 103; 4 are bid at 99.5, 100 at 98."""

    PIECES = EngineSettings(partial_fills=True)

    def tape(self) -> Tape:
        tape = spread().ask(2, 101, 10).ask(2, 103, 100)
        return tape.bid(2, 99.5, 4).bid(2, 98, 100)

    def test_takes_price_after_price(self, tmp_path: Path) -> None:
        # 50 are 5 at 100.5, 10 at 101 and 35 at 103: 5,117.5, and a hundredth of it in fees.
        tape = self.tape().bid(110_000, 97, 1)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=COSTS, settings=self.PIECES), tape.market(tmp_path, [100] * 2)
        )

        assert facts(result) == [
            (60_000, 1, 100.5, 5, 5.025),
            (60_000, 1, 101, 10, 10.1),
            (60_000, 1, 103, 35, 36.05),
        ]
        assert round(result.cash, 6) == 10_000 - 5_117.5 - 51.175
        assert result.fills["liquidity"].tolist() == [Liquidity.TAKER] * 3

    def test_sells_price_after_price(self, tmp_path: Path) -> None:
        tape = self.tape().bid(110_000, 97, 1)
        request = ask([-0.5] * 2, costs=FREE, settings=self.PIECES, account=AccountType.MARGIN)

        result = ENGINE.run(request, tape.market(tmp_path, [100] * 2))

        assert [fill[1:4] for fill in facts(result)] == [(-1, 99.5, 4), (-1, 98, 46)]
        assert result.quantity == -50

    def test_takes_the_book_that_is_there_when_the_order_arrives(self, tmp_path: Path) -> None:
        # Half a second later 7 are asked at 99.5 and 101 is gone.
        tape = self.tape().ask(60_400, 99.5, 7).ask(60_400, 101, 0).bid(110_000, 97, 1)
        settings = replace(self.PIECES, order_latency_ns=500 * MS, response_latency_ns=MS)

        result = ENGINE.run(
            ask([0.5, 0.5], costs=FREE, settings=settings), tape.market(tmp_path, [100] * 2)
        )

        assert [fill[:4] for fill in facts(result)] == [
            (60_500, 1, 99.5, 7),
            (60_500, 1, 100.5, 5),
            (60_500, 1, 103, 38),
        ]

    def test_takes_no_more_than_cash_pays_and_the_rest_from_the_next_book(
        self, tmp_path: Path
    ) -> None:
        # 10,000 / 100.5 = 99.5 for up to 100.50 each: 5 of them stand there. The rest goes
        # with the next event, at 70 s: 94.5 are wanted and 9,497.5 pay for 94.0 at 101, up
        # to 101.03, where 10 stand. 84 are left at 80 s: 8,487.5 pay for 82.4 at 103.
        tape = self.tape().ask(70_000, 100.5, 0).ask(80_000, 101, 0).bid(110_000, 97, 1)

        result = ENGINE.run(
            ask([1, 1], costs=FREE, settings=self.PIECES), tape.market(tmp_path, [100] * 2)
        )

        assert [fill[:4] for fill in facts(result)] == [
            (60_000, 1, 100.5, 5),
            (70_000, 1, 101, 10),
            (80_000, 1, 103, 82.4),
        ]

    def test_fails_where_the_price_ran_away_by_more_than_is_looked_at(
        self, tmp_path: Path
    ) -> None:
        # The ask falls by 201 ticks of a half.
        tape = self.tape().ask(60_400, 0.5, 90).bid(110_000, 0.5, 1)
        settings = replace(self.PIECES, order_latency_ns=500 * MS)

        with pytest.raises(EngineFailed, match="moved by 200 ticks or more"):
            ENGINE.run(
                ask([0.5, 0.5], costs=FREE, settings=settings), tape.market(tmp_path, [100] * 2)
            )


class TestReplay:
    def test_reads_files_one_after_the_other(self, tmp_path: Path) -> None:
        first, second = tmp_path / "a", tmp_path / "b"
        first.mkdir()
        second.mkdir()
        one = spread().market(first, [100, 100])
        rest = Tape().ask(50_000, 100.5, 0).ask(50_000, 101, 1).bid(90_000, 99, 1)
        two = rest.market(second, [100, 100])
        assert one.events is not None
        assert two.events is not None
        both = over([*one.events.paths, *two.events.paths], [100, 100])

        result = ENGINE.run(ask([0.5, 0.5], costs=FREE), both)

        assert facts(result) == [(60_000, 1, 101, 50, 0)]

    def test_begins_with_the_book_of_the_snapshot(self, tmp_path: Path) -> None:
        (tmp_path / "snapshot").mkdir()
        snapshot = spread().market(tmp_path / "snapshot", [100]).events
        market = Tape().sold(1, 99.5, 1).bid(90_000, 99, 1).market(tmp_path, [100, 100])
        assert snapshot is not None
        assert market.events is not None
        market = replace(market, events=replace(market.events, snapshot=snapshot.paths[0]))

        result = ENGINE.run(ask([0.5, 0.5], costs=FREE), market)

        assert facts(result) == [(60_000, 1, 100.5, 50, 0)]

    def test_decides_nothing_before_the_period(self, tmp_path: Path) -> None:
        tape = spread().bid(230_000, 99.5, 5)
        market = replace(tape.market(tmp_path, [100] * 4), first=2)

        result = ENGINE.run(ask([1, 1, 0.5, 0.5], costs=FREE), market)

        assert facts(result) == [(180_000, 1, 100.5, 50, 0)]
        assert len(result.equity) == 2

    def test_gives_the_same_bits_when_asked_twice(self, tmp_path: Path) -> None:
        tape = spread()
        for second in range(1, 600, 3):
            tape.ask(second * 1_000, 100.5, 1 + second % 7)
        market = tape.market(tmp_path, [100 + row % 3 for row in range(10)])
        request = ask([row % 2 for row in range(10)], costs=COSTS)

        one, two = ENGINE.run(request, market), ENGINE.run(request, market)

        assert len(one.fills) == 8
        assert one.fills.tobytes() == two.fills.tobytes()
        assert one.equity.tobytes() == two.equity.tobytes()

    def test_reports_how_far_it_is(self, tmp_path: Path) -> None:
        tape, seen = spread().bid(110_000, 99.5, 5), list[float]()

        ENGINE.run(ask([0, 0]), tape.market(tmp_path, [100] * 2), seen.append)

        assert seen == sorted(seen)
        assert 0 < seen[0] < seen[-1] <= 1
        assert len(seen) > 5
