"""What every engine on bars must do with stops, worked out by hand, long and short.

Each starts with 10,000 in cash, and half of it buys or sells 50 at 100, so that a stop of
a tenth lies at 90 under a long position and at 110 above a short one.
"""

import pytest

from common.domain.costs import AccountType, CostModel
from common.domain.enums import FillReason, Liquidity
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.base import BacktestEngine
from research.engines.tests.conformance import FREE, ONE_PERCENT, equity, facts
from research.engines.tests.scripted import ask, quoted
from trading.strategies.base import StopSpec

FLAT = (100, 100, 100, 100)
UP, DOWN = (105, 115, 103, 112), (95, 97, 85, 88)
SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
LOSS, AIM, TRAIL = StopSpec(stop_loss=0.1), StopSpec(take_profit=0.1), StopSpec(trailing=0.1)

type Fact = tuple[int, int, float, float, float, FillReason]


def hold(side: int, count: int, stop: StopSpec, costs: CostModel = FREE) -> BacktestRequest:
    return follow([0.5 * side] * count, stop, costs=costs)


def follow(targets: list[float], stop: StopSpec, costs: CostModel = FREE) -> BacktestRequest:
    return ask(targets, stop=stop, costs=costs, account=AccountType.MARGIN)


def mirror(*prices: tuple[float, float, float, float]) -> list[tuple[float, float, float, float]]:
    """Return the bars a short position meets as a long one meets these: 200 less each price."""
    return [
        (200 - open_, 200 - low, 200 - high, 200 - close) for open_, high, low, close in prices
    ]


def bars_for(side: int, *prices: tuple[float, float, float, float]) -> Market:
    return quoted(*(prices if side > 0 else mirror(*prices)))


def all_facts(result: BacktestResult) -> list[Fact]:
    """Return the fills with their reasons."""
    reasons = [FillReason(int(reason)) for reason in result.fills["reason"]]
    return [(*fact, reason) for fact, reason in zip(facts(result), reasons, strict=True)]


def entered(side: int) -> Fact:
    return (1, side, 100, 50, 0, FillReason.TARGET)


def left(hour: int, side: int, price: float, reason: FillReason) -> Fact:
    """Return the exit of a long position at this price, or of a short one at its mirror image."""
    return (hour, -side, price if side > 0 else 200 - price, 50, 0, reason)


class StopConformance:
    """Stops sentence by sentence; of a short position every price is mirrored at 100."""

    @SIDES
    def test_stops_a_loss_at_its_level(self, engine: BacktestEngine, side: int) -> None:
        # Opens at 95, falls to 85, closes at 88: out at 90, in the last bar too.
        result = engine.run(hold(side, 3, LOSS), bars_for(side, FLAT, FLAT, DOWN))

        assert all_facts(result) == [entered(side), left(2, side, 90, FillReason.STOP_LOSS)]
        assert equity(result) == [10_000, 10_000, 9_500]
        assert result.quantity == 0

    @SIDES
    def test_takes_a_profit_at_its_level(self, engine: BacktestEngine, side: int) -> None:
        result = engine.run(hold(side, 3, AIM), bars_for(side, FLAT, FLAT, UP))

        assert all_facts(result) == [entered(side), left(2, side, 110, FillReason.TAKE_PROFIT)]
        assert equity(result) == [10_000, 10_000, 10_500]

    @SIDES
    def test_stops_at_an_open_beyond_the_level(self, engine: BacktestEngine, side: int) -> None:
        bars = bars_for(side, FLAT, FLAT, (85, 95, 80, 90))

        result = engine.run(hold(side, 3, LOSS), bars)

        assert all_facts(result) == [entered(side), left(2, side, 85, FillReason.STOP_LOSS)]

    @SIDES
    def test_takes_a_profit_at_an_open_beyond_the_level(
        self, engine: BacktestEngine, side: int
    ) -> None:
        # Gapped over, the level is not what a market pays: the open is better. That the
        # bar then falls through the stop comes later.
        bars = bars_for(side, FLAT, FLAT, (115, 116, 80, 100))
        both = StopSpec(stop_loss=0.1, take_profit=0.1)

        result = engine.run(hold(side, 3, both), bars)

        assert all_facts(result) == [entered(side), left(2, side, 115, FillReason.TAKE_PROFIT)]

    @SIDES
    def test_takes_the_stop_where_a_bar_touches_both(
        self, engine: BacktestEngine, side: int
    ) -> None:
        bars = bars_for(side, FLAT, FLAT, (100, 115, 85, 100))
        both = StopSpec(stop_loss=0.1, take_profit=0.1)

        result = engine.run(hold(side, 3, both), bars)

        assert all_facts(result) == [entered(side), left(2, side, 90, FillReason.STOP_LOSS)]

    @SIDES
    def test_calls_a_level_touched_where_the_bar_just_reaches_it(
        self, engine: BacktestEngine, side: int
    ) -> None:
        # An eighth of 100 is exact: 87.5 and 112.5; the bar before misses both by a half.
        near, at = (100, 112, 88, 100), (100, 101, 87.5, 100)
        both = StopSpec(stop_loss=0.125, take_profit=0.125)

        stop = engine.run(hold(side, 4, both), bars_for(side, FLAT, FLAT, near, at))
        aim = engine.run(
            hold(side, 4, both), bars_for(side, FLAT, FLAT, near, (100, 112.5, 99, 100))
        )

        assert all_facts(stop) == [entered(side), left(3, side, 87.5, FillReason.STOP_LOSS)]
        assert all_facts(aim) == [entered(side), left(3, side, 112.5, FillReason.TAKE_PROFIT)]

    @SIDES
    @pytest.mark.parametrize(
        ("entry_bar", "price", "reason"),
        [
            ((100, 105, 85, 95), 90, FillReason.STOP_LOSS),
            ((100, 115, 95, 105), 110, FillReason.TAKE_PROFIT),
            ((100, 115, 85, 105), 90, FillReason.STOP_LOSS),
        ],
    )
    def test_leaves_in_the_bar_of_the_entry(
        self,
        engine: BacktestEngine,
        side: int,
        entry_bar: tuple[float, float, float, float],
        price: float,
        reason: FillReason,
    ) -> None:
        both = StopSpec(stop_loss=0.1, take_profit=0.1)

        result = engine.run(hold(side, 3, both), bars_for(side, FLAT, entry_bar, FLAT))

        assert all_facts(result) == [entered(side), left(1, side, price, reason)]

    @SIDES
    def test_trails_the_best_close_from_the_next_bar_on(
        self, engine: BacktestEngine, side: int
    ) -> None:
        # Long: the close of 120 moves the level to 108; 150 within the bar moves nothing,
        # and the close of 111 does not move it back. Short: 80 to 88, and 50 nothing.
        long = [(100, 150, 99, 120), (115, 116, 110, 111), (112, 113, 107, 110)]
        short = [(100, 101, 50, 80), (85, 87, 84, 86), (86, 90, 85, 89)]

        result = engine.run(
            hold(side, 5, TRAIL), quoted(FLAT, FLAT[:], *(long if side > 0 else short))
        )

        exit_price = 108 if side > 0 else 88
        assert all_facts(result) == [
            entered(side),
            (4, -side, exit_price, 50, 0, FillReason.TRAILING),
        ]

    @SIDES
    def test_trails_from_the_entry_and_never_away_from_the_price(
        self, engine: BacktestEngine, side: int
    ) -> None:
        # The close of 95 is no reason to move the level from 90 to 85.5.
        in_its_bar = bars_for(side, FLAT, (100, 101, 85, 95), FLAT)
        later = bars_for(side, FLAT, (100, 101, 92, 95), (95, 96, 89, 93))

        one, two = (
            engine.run(hold(side, 3, TRAIL), in_its_bar),
            engine.run(hold(side, 3, TRAIL), later),
        )

        assert all_facts(one) == [entered(side), left(1, side, 90, FillReason.TRAILING)]
        assert all_facts(two) == [entered(side), left(2, side, 90, FillReason.TRAILING)]

    def test_stops_at_the_nearer_of_stop_loss_and_trailing_level(
        self, engine: BacktestEngine
    ) -> None:
        # 95 lies above 90 at first; after a close of 120 the trailing level is 108.
        both = StopSpec(stop_loss=0.05, trailing=0.1)
        rise = (100, 121, 100, 120)

        early = engine.run(hold(1, 3, both), quoted(FLAT, FLAT, DOWN))
        late = engine.run(hold(1, 4, both), quoted(FLAT, FLAT, rise, (110, 110, 90, 92)))

        assert all_facts(early) == [entered(1), left(2, 1, 95, FillReason.STOP_LOSS)]
        assert all_facts(late) == [entered(1), left(3, 1, 108, FillReason.TRAILING)]

    def test_slips_against_a_long_position_and_pays_the_taker_fee(
        self, engine: BacktestEngine
    ) -> None:
        # Bought at 101: the stop is 101 * 0.9 = 90.9, sold at 90.9 * 0.99 = 89.991;
        # cash 10,000 - 5,050 - 50.5 + 4,499.55 - 44.9955.
        costs = CostModel(fee_rate=0.01, maker_fee_rate=0.0, slippage=0.01)

        result = engine.run(hold(1, 3, LOSS, costs), quoted(FLAT, FLAT, DOWN))

        assert facts(result) == [(1, 1, 101, 50, 50.5), (2, -1, 89.991, 50, 44.9955)]
        assert equity(result)[-1] == 9_354.0545
        assert set(result.fills["liquidity"]) == {Liquidity.TAKER}

    def test_slips_against_a_short_position_and_pays_the_taker_fee(
        self, engine: BacktestEngine
    ) -> None:
        # Sold at 99: the aim is 99 * 0.9 = 89.1, bought at 89.1 * 1.01 = 89.991;
        # cash 10,000 + 4,950 - 49.5 - 4,499.55 - 44.9955.
        costs = CostModel(fee_rate=0.01, maker_fee_rate=0.0, slippage=0.01)

        result = engine.run(hold(-1, 3, AIM, costs), quoted(FLAT, FLAT, DOWN))

        assert facts(result) == [(1, -1, 99, 50, 49.5), (2, 1, 89.991, 50, 44.9955)]
        assert equity(result)[-1] == 10_355.9545

    def test_lets_a_target_order_at_the_same_open_go_first(self, engine: BacktestEngine) -> None:
        # It opens at 85, beyond the stop, but is sold to the target of 0.
        bars = quoted(FLAT, FLAT, FLAT, (85, 95, 80, 90))

        result = engine.run(follow([0.5, 0.5, 0, 0], LOSS), bars)

        assert all_facts(result) == [entered(1), (3, -1, 85, 50, 0, FillReason.TARGET)]

    def test_begins_anew_where_the_position_changes_its_sign(self, engine: BacktestEngine) -> None:
        # 100 sold at 85 turn 50 into -50, whose stop is 85 * 1.1 = 93.5, then touched.
        bars = quoted(FLAT, FLAT, FLAT, (85, 93, 80, 90), (90, 94, 88, 92))

        result = engine.run(follow([0.5, 0.5, -0.5, -0.5, -0.5], LOSS), bars)

        assert all_facts(result) == [
            entered(1),
            (3, -1, 85, 100, 0, FillReason.TARGET),
            (4, 1, 93.5, 50, 0, FillReason.STOP_LOSS),
        ]

    def test_stays_flat_after_a_stop_until_the_target_changes(
        self, engine: BacktestEngine
    ) -> None:
        # Stopped at 90 with 9,500 left: 0.5 is no news; 0.25 of 9,500 is 23.75 at 100.
        bars = quoted(FLAT, FLAT, DOWN, *[FLAT] * 3)

        result = engine.run(follow([0.5, 0.5, 0.5, 0.5, 0.25, 0.25], LOSS), bars)

        assert all_facts(result) == [
            entered(1),
            left(2, 1, 90, FillReason.STOP_LOSS),
            (5, 1, 100, 23.75, 0, FillReason.TARGET),
        ]

    def test_measures_from_the_average_entry_price_after_a_second_buy(
        self, engine: BacktestEngine
    ) -> None:
        # (25 * 100 + 50 * 112) / 75 = 108, of which three quarters are 81.
        at_112, fall = (112, 112, 112, 112), (100, 100, 80, 90)
        quarter = StopSpec(stop_loss=0.25)

        result = engine.run(
            follow([0.25, 0.75, 0.75, 0.75], quarter), quoted(FLAT, FLAT, at_112, fall)
        )

        assert all_facts(result) == [
            (1, 1, 100, 25, 0, FillReason.TARGET),
            (2, 1, 112, 50, 0, FillReason.TARGET),
            (3, -1, 81, 75, 0, FillReason.STOP_LOSS),
        ]

    def test_keeps_the_average_entry_price_after_a_sale_in_part(
        self, engine: BacktestEngine
    ) -> None:
        # 25 of 50 sold at 120; the rest still stops at 90, a tenth below the entry.
        at_120, fall = (120, 120, 120, 120), (100, 100, 85, 95)

        result = engine.run(
            follow([0.5, 0.25, 0.25, 0.25], LOSS), quoted(FLAT, FLAT, at_120, fall)
        )

        assert all_facts(result) == [
            entered(1),
            (2, -1, 120, 25, 0, FillReason.TARGET),
            (3, -1, 90, 25, 0, FillReason.STOP_LOSS),
        ]

    def test_stops_what_a_target_order_leaves_at_the_same_open(
        self, engine: BacktestEngine
    ) -> None:
        # At 85, 25 are sold to the target; the rest is beyond its level of 90 there.
        bars = quoted(FLAT, FLAT, (85, 95, 80, 90), FLAT)

        result = engine.run(follow([0.5, 0.25, 0.25, 0.25], LOSS), bars)

        assert sum(result.fills["quantity"]) == 100
        assert {(fact[0], fact[2]) for fact in facts(result)} == {(1, 100), (2, 85)}
        assert result.quantity == 0

    def test_stops_a_position_below_the_minimum(self, engine: BacktestEngine) -> None:
        # 25 at 50 are worth 1,250: too little for any order but one that closes.
        half = StopSpec(stop_loss=0.5)
        bars = quoted(FLAT, FLAT, (60, 60, 45, 55), min_notional="2000")

        result = engine.run(follow([0.25] * 3, half, ONE_PERCENT), bars)

        assert facts(result) == [(1, 1, 100, 25, 25), (2, -1, 50, 25, 12.5)]
        assert result.skipped_orders == 0

    def test_has_nothing_to_stop_where_nothing_was_bought(self, engine: BacktestEngine) -> None:
        result = engine.run(follow([0.0, 0.0, 0.0], LOSS), quoted(FLAT, FLAT, DOWN))

        assert facts(result) == []
        assert equity(result) == [10_000, 10_000, 10_000]
