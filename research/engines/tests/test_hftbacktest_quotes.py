"""Quotes on hftbacktest: asked at an interval, resting in queues, on books worked out by hand."""

from pathlib import Path

import pytest

from common.domain.costs import AccountType, CostModel
from common.domain.enums import Liquidity
from research.domain.backtest import BacktestRequest
from research.domain.settings import EngineSettings, QueueModel
from research.engines.exceptions import InvalidTargets, NeedsMargin
from research.engines.hftbacktest.engine import HftbacktestEngine
from research.engines.tests.tape import MS, NoParams, Tape, ask_quotes, facts
from trading.strategies.library.quote_both_sides import QuoteBothSides
from trading.strategies.quoting import Quotes, QuoteState

pytestmark = [pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]

ENGINE = HftbacktestEngine()
COSTS = CostModel(fee_rate=0.01, maker_fee_rate=-0.001)
FREE = CostModel(fee_rate=0.0, maker_fee_rate=0.0)
PIECES = EngineSettings(partial_fills=True)


def bid_of_one(state: QuoteState, params: NoParams) -> Quotes:
    return 200, 10, 0, 0


def bid_once(state: QuoteState, params: NoParams) -> Quotes:
    return 200, 10 if state.position_lots == 0 else 0, 0, 0


def bid_too_much(state: QuoteState, params: NoParams) -> Quotes:
    return 200, 1_000_000, 0, 0


def tell_depth(state: QuoteState, params: NoParams) -> Quotes:
    return int(state.bid_depth_lots), 1, int(state.ask_depth_lots), 1


def tell_prices(state: QuoteState, params: NoParams) -> Quotes:
    return state.best_bid_ticks - 1, 1, state.best_ask_ticks + 1, 1


def tell_trade(state: QuoteState, params: NoParams) -> Quotes:
    if state.last_trade_lots == 0:
        return 0, 0, 0, 0
    return 150 + int(state.last_trade_lots), 1, state.last_trade_ticks + 50, 1


def quote_less_than_nothing(state: QuoteState, params: NoParams) -> Quotes:
    return 200, -1, 0, 0


def quote_for_nothing(state: QuoteState, params: NoParams) -> Quotes:
    return 0, 1, 0, 0


def quote_words(state: QuoteState, params: NoParams) -> Quotes:
    return {"bid": 200}  # type: ignore[return-value]


def book() -> Tape:
    """Return 5 bid at 100, 5 asked at 101, after a trade that makes the first bar."""
    return Tape().bid(0, 100, 5).ask(0, 101, 5).bought(1, 101, 0.1)


class TestQuoteBothSides:
    def test_earns_the_spread_and_leans_against_what_it_holds(self, tmp_path: Path) -> None:
        # Middle 201 ticks: bid 200, ask 202. Behind 5 at 200 ticks the bid fills at 5.1.
        # With one lot the middle is 200, so the ask is 201 = 100.5, alone there: 0.2 bought
        # at 100.5 fill it. Fees are rebates of a thousandth: 0.01 and 0.01005.
        tape = book().sold(10_050, 100, 5.1).bought(20_050, 100.5, 0.2).bid(110_000, 90, 1)
        params = {"half_spread_ticks": 1, "order_lots": 1, "max_position_lots": 3}
        request = BacktestRequest(
            strategy=QuoteBothSides(),
            params={**params, "skew_ticks_per_lot": 1},
            costs=COSTS,
            account=AccountType.MARGIN,
        )

        result = ENGINE.run(request, tape.market(tmp_path, [100, 100]))

        assert facts(result) == [
            (10_050, 1, 100, 0.1, -0.01),
            (20_050, -1, 100.5, 0.1, -0.01005),
        ]
        assert set(result.fills["liquidity"]) == {Liquidity.MAKER}
        assert round(float(result.equity[0]), 6) == 10_000.07005
        assert result.quantity == 0

    def test_needs_a_margin_account(self, tmp_path: Path) -> None:
        request = BacktestRequest(strategy=QuoteBothSides(), params={})

        with pytest.raises(NeedsMargin):
            ENGINE.run(request, book().market(tmp_path, [100]))


class TestState:
    """A quote repeats what the strategy saw; a trade far through it shows where it stood."""

    def test_holds_the_five_best_levels_of_each_side_in_lots(self, tmp_path: Path) -> None:
        # Bids 10 + 10 + 20 + 30 + 40 = 110 lots; the sixth level is not counted. Asks 202
        # lots at one level. So the quotes stand at 110 ticks and 202: 55 and 101.
        tape = Tape().ask(0, 101, 20.2)
        for price, quantity in [(100, 1), (99.5, 1), (98, 2), (96, 3), (90, 4), (80, 50)]:
            tape.bid(0, price, quantity)
        tape.bought(1, 101, 0.1).sold(10_050, 54, 1).bought(20_050, 102, 1).bid(110_000, 90, 1)

        result = ENGINE.run(ask_quotes(tell_depth, costs=FREE), tape.market(tmp_path, [100, 100]))

        assert [fill[:3] for fill in facts(result)][:2] == [(10_050, 1, 55), (20_050, -1, 101)]

    def test_holds_the_best_prices_in_ticks(self, tmp_path: Path) -> None:
        # 200 and 202 ticks: the quotes stand at 199 and 203, 99.5 and 101.5.
        tape = book().sold(10_050, 99, 1).bought(20_050, 102, 1).bid(110_000, 90, 1)

        result = ENGINE.run(ask_quotes(tell_prices, costs=FREE), tape.market(tmp_path, [100, 100]))

        assert [fill[:3] for fill in facts(result)] == [(10_050, 1, 99.5), (20_050, -1, 101.5)]

    @pytest.mark.parametrize(("sold", "bid"), [(True, 146 / 2), (False, 154 / 2)])
    def test_holds_the_last_trade_and_who_took(
        self, sold: bool, bid: float, tmp_path: Path
    ) -> None:
        # 4 lots at 100: the ask stands 50 ticks above 200 at 125, the bid at 150 + 4 ticks if
        # they were bought, 150 - 4 if sold. 9 lots before are not the last trade.
        tape = book().bought(9_000, 101, 0.9)
        tape = tape.sold(9_010, 100, 0.4) if sold else tape.bought(9_010, 100, 0.4)
        tape.sold(9_150, 70, 0.4).bought(9_160, 130, 1).bid(110_000, 90, 1)

        result = ENGINE.run(ask_quotes(tell_trade, costs=FREE), tape.market(tmp_path, [100, 100]))

        assert [fill[:3] for fill in facts(result)][:2] == [(9_150, 1, bid), (9_160, -1, 125)]


class TestOrders:
    def test_are_kept_in_their_queue_while_the_quote_stays(self, tmp_path: Path) -> None:
        # 5 ahead; 2 are sold, then 3 of them leave and 50 come behind: still 0 ahead, and
        # the next trade is ours. An order placed anew would wait behind 50.
        tape = book().sold(10_050, 100, 2).bid(10_060, 100, 50).sold(20_050, 100, 3.1)
        tape.bid(110_000, 90, 1)

        result = ENGINE.run(ask_quotes(bid_once, costs=FREE), tape.market(tmp_path, [100, 100]))

        assert facts(result) == [(20_050, 1, 100, 1, 0)]

    def test_are_asked_for_at_the_interval(self, tmp_path: Path) -> None:
        # The second question is after ten seconds, when the level has 20 ahead; at zero the
        # book was empty and nothing could rest there.
        tape = book().sold(9_000, 100, 5.1)
        settings = EngineSettings(quote_interval_ns=10_000 * MS, order_latency_ns=9_500 * MS)

        result = ENGINE.run(
            ask_quotes(bid_once, costs=FREE, settings=settings),
            tape.bid(110_000, 90, 1).market(tmp_path, [100, 100]),
        )

        # Sent at 0, it arrives half a second after the trade that would have filled it.
        assert facts(result) == []

    def test_are_cut_to_what_cash_pays(self, tmp_path: Path) -> None:
        # 1,000,000 lots of 0.1 at 100 are wanted; 10,000 pay for 1,000 of them.
        tape = book().sold(10_050, 99, 1).bid(110_000, 90, 1)

        result = ENGINE.run(
            ask_quotes(bid_too_much, costs=FREE), tape.market(tmp_path, [100, 100])
        )

        assert facts(result) == [(10_050, 1, 100, 100, 0)]
        assert result.cash == 0

    def test_that_would_take_are_not_made(self, tmp_path: Path) -> None:
        tape = Tape().bid(0, 99, 5).ask(0, 99.5, 5).bought(1, 99.5, 1).bid(110_000, 90, 1)

        result = ENGINE.run(ask_quotes(bid_once, costs=FREE), tape.market(tmp_path, [100, 100]))

        assert facts(result) == []

    @pytest.mark.parametrize(
        ("function", "reason"),
        [
            (quote_less_than_nothing, "negative number of lots"),
            (quote_for_nothing, "price that is not positive"),
            (quote_words, "cannot be compiled"),
        ],
    )
    def test_that_are_no_orders_are_refused(
        self, function: object, reason: str, tmp_path: Path
    ) -> None:
        with pytest.raises(InvalidTargets, match=reason):
            ENGINE.run(
                ask_quotes(function),  # type: ignore[arg-type]
                book().market(tmp_path, [100, 100]),
            )


class TestQueues:
    """We stand behind 5; 5 come behind us, 4 leave, 3.1 are sold.

    Whether it is then our turn depends on how many of the 4 left before us: none by the
    model that is averse to risk, and (1 - p) * 4 by the others, with p = f(5) / (f(5) +
    f(5)) = 1/2 -> 3 left ahead; f(5) / f(10) = ln 6 / ln 11 = 0.75 -> 4.0 by logarithms,
    1/8 -> 1.5 by cubes; 1 - (1/2)³ = 7/8 -> 4.5.
    """

    @pytest.mark.parametrize(
        ("queue", "is_filled"),
        [
            (QueueModel.RISK_ADVERSE, False),
            (QueueModel.LOG_PROB, True),
            (QueueModel.LOG_PROB_2, False),
            (QueueModel.POWER_PROB, True),
            (QueueModel.POWER_PROB_2, True),
            (QueueModel.POWER_PROB_3, False),
        ],
    )
    def test_move_as_their_model_says(
        self, queue: QueueModel, is_filled: bool, tmp_path: Path
    ) -> None:
        tape = book().bid(10_000, 100, 10).bid(20_000, 100, 6).sold(30_000, 100, 3.1)
        settings = EngineSettings(queue=queue)

        result = ENGINE.run(
            ask_quotes(bid_once, costs=FREE, settings=settings),
            tape.bid(110_000, 90, 1).market(tmp_path, [100, 100]),
        )

        assert bool(facts(result)) is is_filled

    def test_move_by_their_power(self, tmp_path: Path) -> None:
        # 1 - (1/2)^0.2 = 0.13: 5 - 0.87 * 4 = 1.5 left ahead, where a cube leaves 4.5.
        tape = book().bid(10_000, 100, 10).bid(20_000, 100, 6).sold(30_000, 100, 3.1)
        settings = EngineSettings(queue=QueueModel.POWER_PROB_3, queue_power=0.2)

        result = ENGINE.run(
            ask_quotes(bid_once, costs=FREE, settings=settings),
            tape.bid(110_000, 90, 1).market(tmp_path, [100, 100]),
        )

        assert [fill[:2] for fill in facts(result)] == [(30_000, 1)]


class TestPieces:
    """An order for 1.0 at 100, where nothing stands before it."""

    def tape(self) -> Tape:
        return Tape().bid(0, 99, 5).ask(0, 101, 5).bought(1, 101, 0.1).sold(10_050, 100, 0.3)

    def test_are_booked_as_they_are_traded(self, tmp_path: Path) -> None:
        # 0.3 at 100 with a rebate of 0.03: cash 9,970.03, worth 9,970.03 + 0.3 * 110.
        market = self.tape().bid(110_000, 98, 1).market(tmp_path, [110, 110])

        result = ENGINE.run(ask_quotes(bid_of_one, costs=COSTS, settings=PIECES), market)

        assert facts(result) == [(10_050, 1, 100, 0.3, -0.03)]
        assert (round(result.cash, 6), round(result.quantity, 9)) == (9_970.03, 0.3)
        assert round(float(result.equity[0]), 6) == 10_003.03

    def test_are_whole_orders_where_they_are_not_asked_for(self, tmp_path: Path) -> None:
        market = self.tape().bid(110_000, 98, 1).market(tmp_path, [110, 110])

        result = ENGINE.run(ask_quotes(bid_once, costs=COSTS), market)

        assert facts(result) == [(10_050, 1, 100, 1, -0.1)]

    def test_that_use_an_order_up_exactly_end_it(self, tmp_path: Path) -> None:
        # 0.3 and 0.7 are all there was: the trade after them, at the same price and in the
        # same millisecond, fills nothing more. The library alone would fail at it.
        tape = self.tape().sold(10_060, 100, 0.7).sold(10_060, 100, 0.5)
        market = tape.bid(110_000, 98, 1).market(tmp_path, [110, 110])

        def bid_until_full(state: QuoteState, params: NoParams) -> Quotes:
            return 200, 10 - state.position_lots, 0, 0

        result = ENGINE.run(ask_quotes(bid_until_full, costs=FREE, settings=PIECES), market)

        assert [(fill[0], fill[3]) for fill in facts(result)] == [(10_050, 0.3), (10_060, 0.7)]

    def test_keep_their_times_between_two_questions(self, tmp_path: Path) -> None:
        tape = self.tape()
        for millisecond in (10_055, 10_060, 10_065):
            tape.sold(millisecond, 100, 0.2)
        market = tape.bid(110_000, 98, 1).market(tmp_path, [110, 110])
        settings = EngineSettings(
            partial_fills=True, quote_interval_ns=30_000 * MS, response_latency_ns=3 * MS
        )

        result = ENGINE.run(ask_quotes(bid_of_one, costs=FREE, settings=settings), market)

        assert [(fill[0], fill[3]) for fill in facts(result)] == [
            (10_050, 0.3),
            (10_055, 0.2),
            (10_060, 0.2),
            (10_065, 0.2),
        ]

    def test_more_than_were_foreseen_find_room(self, tmp_path: Path) -> None:
        tape = Tape().bid(0, 99, 5).ask(0, 101, 5).bought(1, 101, 0.1)
        for millisecond in range(10_000, 16_000):
            tape.sold(millisecond, 100, 0.1)
        market = tape.bid(110_000, 98, 1).market(tmp_path, [100, 100])

        def bid_a_lot(state: QuoteState, params: NoParams) -> Quotes:
            return 200, 6_000 - state.position_lots, 0, 0

        settings = EngineSettings(partial_fills=True, quote_interval_ns=30_000 * MS)
        request = ask_quotes(bid_a_lot, cash=1e6, costs=FREE, settings=settings)

        result = ENGINE.run(request, market)

        assert len(result.fills) == 6_000
        assert round(result.quantity, 6) == 600
