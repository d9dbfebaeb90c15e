"""Targets on NautilusTrader over recorded events, on books worked out by hand."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline.events.binance_futures import BinanceFuturesFeed
from common.data_pipeline.events.book import Book
from common.data_pipeline.events.files import read_events
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.reading import read_event_files
from common.data_pipeline.events.resample import bars_from_events
from common.data_pipeline.events.sizes import Sizes, Step
from common.data_pipeline.store import SeriesStore
from common.domain.costs import AccountType, CostModel, Sizing
from common.domain.enums import Liquidity, SeriesKind
from common.domain.events import AT_EXCHANGE, BUY, DEPTH_CLEAR, DEPTH_SNAPSHOT, SELL, EventFiles
from common.domain.instruments import InstrumentId, InstrumentSpec, SeriesKey
from common.domain.timeframe import Timeframe
from research.domain.backtest import Market, NativeRequest
from research.domain.settings import EngineSettings, ExecutionStyle
from research.engines.exceptions import UnsupportedFeature
from research.engines.nautilus.engine import NautilusEngine
from research.engines.tests.scripted import ask
from research.engines.tests.tape import MS, Tape, facts, spread
from trading.strategies.base import StopSpec

pytestmark = [pytest.mark.engine("nautilus"), pytest.mark.timeout(120)]

ENGINE = NautilusEngine()
# A maker pays a tenth of a percent, a taker one percent.
COSTS = CostModel(fee_rate=0.01, maker_fee_rate=0.001)
FREE = CostModel(fee_rate=0.0, maker_fee_rate=0.0)
MAKER = EngineSettings(execution=ExecutionStyle.MAKER)


def deep() -> Tape:
    """Return a book of 500 bid at 99.5 and 500 asked at 100.5, that a trade follows."""
    return Tape().bid(0, 99.5, 500).ask(0, 100.5, 500).bought(1, 100.5, 0.1)


def late(ms: int) -> EngineSettings:
    return EngineSettings(order_latency_ns=ms * MS)


class TestTaking:
    def test_buys_at_the_first_event_at_or_after_the_close(self, tmp_path: Path) -> None:
        # Half of 10,000 at the close of 100 is 50, taken at the ask of 101 that the first
        # event left: 5,050 + 50.5; at 110 worth 5,500.
        tape = deep().ask(60_000, 100.5, 0).ask(60_000, 101, 500).ask(60_001, 101, 0)

        result = ENGINE.run(
            ask([0.5, 0.5, 0.5], costs=COSTS), tape.market(tmp_path, [100, 110, 110])
        )

        assert facts(result) == [(60_000, 1, 101, 50, 50.5)]
        assert result.equity.tolist() == [10_000, 10_399.5, 10_399.5]
        assert result.fills["liquidity"].tolist() == [Liquidity.TAKER]

    def test_sells_at_the_best_bid_and_turns_short_in_one_fill(self, tmp_path: Path) -> None:
        # 10,000 - 5,025 = 4,975 and 50 held: 9,975 at 100, of which -0.5 is -49.875, so
        # -99.875 is wanted: 99.8 lots of 0.1 are sold.
        tape = deep().bid(60_000, 99, 1).bid(120_000, 99, 2)
        request = ask([0.5, -0.5, -0.5], costs=FREE, account=AccountType.MARGIN)

        result = ENGINE.run(request, tape.market(tmp_path, [100] * 3))

        assert facts(result) == [(60_000, 1, 100.5, 50, 0), (120_000, -1, 99.5, 99.8, 0)]
        assert result.quantity == pytest.approx(-49.8)

    def test_walks_the_levels_of_the_book(self, tmp_path: Path) -> None:
        tape = deep().ask(60_000, 100.5, 20).ask(60_000, 101, 20).ask(60_000, 102, 20)

        result = ENGINE.run(ask([0.5] * 3, costs=FREE), tape.market(tmp_path, [100] * 3))

        assert [fact[2:4] for fact in facts(result)] == [(100.5, 20), (101, 20), (102, 10)]
        assert {fact[0] for fact in facts(result)} == {60_000}

    def test_waits_for_more_where_the_book_is_too_thin(self, tmp_path: Path) -> None:
        # Asked again every 100 ms: 4 more at 100, the rest when a level is stated anew; no
        # fill knows an event before its time.
        tape = (
            spread()
            .ask(60_000, 100.5, 7)
            .ask(60_050, 101, 4)
            .ask(60_350, 100.5, 60)
            .bid(130_000, 99.5, 5)
        )

        result = ENGINE.run(ask([0.5] * 3, costs=FREE), tape.market(tmp_path, [100] * 3))

        assert [fact[:4] for fact in facts(result)] == [
            (60_000, 1, 100.5, 7),
            (60_100, 1, 101, 4),
            (60_400, 1, 100.5, 39),
        ]

    def test_arrives_after_the_latency_of_orders(self, tmp_path: Path) -> None:
        tape = deep().ask(60_010, 100.5, 0).ask(60_010, 102, 500).ask(60_040, 101, 500)

        at_once = ENGINE.run(
            ask([0.5] * 3, costs=FREE, settings=late(5)), tape.market(tmp_path, [100] * 3)
        )
        later = ENGINE.run(
            ask([0.5] * 3, costs=FREE, settings=late(30)), tape.market(tmp_path, [100] * 3)
        )

        assert facts(at_once) == [(60_010, 1, 102, 50, 0)]
        assert facts(later) == [(60_040, 1, 101, 50, 0)]

    def test_cuts_a_buy_to_what_cash_pays(self, tmp_path: Path) -> None:
        # 100.5 * 1.01 = 101.505 for each: 10,000 pay for 98.517, so for 98.5.
        tape = deep().bid(60_000, 99, 1)

        result = ENGINE.run(ask([1, 1, 1], costs=COSTS), tape.market(tmp_path, [100] * 3))

        assert facts(result) == [(60_000, 1, 100.5, 98.5, 98.9925)]

    def test_makes_nothing_of_a_target_on_the_last_bar(self, tmp_path: Path) -> None:
        result = ENGINE.run(ask([0, 1]), deep().market(tmp_path, [100] * 2))

        assert facts(result) == []


class TestResting:
    def test_fills_at_its_price_when_the_queue_before_it_is_traded(self, tmp_path: Path) -> None:
        # 5 stand at 99.5 before it: 4 and 1 traded are theirs, then 30 and 20 of the 50.
        tape = spread().ask(60_000, 100.5, 5)
        tape.sold(61_000, 99.5, 4).sold(62_000, 99.5, 1).sold(63_000, 99.5, 30)
        tape.sold(64_000, 99.5, 60)

        result = ENGINE.run(
            ask([0.5] * 3, costs=COSTS, settings=MAKER), tape.market(tmp_path, [100] * 3)
        )

        assert facts(result) == [
            (63_000, 1, 99.5, 30, 2.985),
            (64_000, 1, 99.5, 20, 1.99),
        ]
        assert set(result.fills["liquidity"]) == {Liquidity.MAKER}

    def test_follows_the_best_price_of_its_side(self, tmp_path: Path) -> None:
        tape = spread().ask(60_000, 100.5, 5).bid(61_000, 100, 3)
        tape.bid(62_000, 100, 3).sold(63_000, 100, 3).sold(64_000, 100, 80)

        result = ENGINE.run(
            ask([0.5] * 3, costs=FREE, settings=MAKER), tape.market(tmp_path, [100] * 3)
        )

        assert facts(result) == [(64_000, 1, 100, 50, 0)]

    def test_is_cut_to_what_cash_pays_with_the_fee_of_a_maker(self, tmp_path: Path) -> None:
        # 99.5 * 1.001 = 99.5995 for each: 10,000 pay for 100.4, with 1 % for 99.5.
        tape = spread().bid(60_000, 99.5, 5).sold(61_000, 99.5, 200)

        result = ENGINE.run(
            ask([1] * 3, costs=COSTS, sizing=Sizing.parse("fixed_notional=20000"), settings=MAKER),
            tape.market(tmp_path, [100] * 3),
        )

        assert [fact[:4] for fact in facts(result)] == [(61_000, 1, 99.5, 100.4)]


class TestBooks:
    def test_forget_the_levels_that_are_cleared(self, tmp_path: Path) -> None:
        # Asks from the best to 101 are cleared and stated anew; 102 stays.
        tape = Tape().bid(0, 99.5, 5).ask(0, 100.5, 9).ask(0, 101, 9).ask(0, 102, 500)
        tape._add(DEPTH_CLEAR | SELL, 60_000, price=101, quantity=0)
        tape._add(DEPTH_SNAPSHOT | SELL, 60_000, price=101, quantity=10)

        result = ENGINE.run(ask([0.5] * 3, costs=FREE), tape.market(tmp_path, [100] * 3))

        assert [fact[2:4] for fact in facts(result)] == [(101, 10), (102, 40)]

    def test_refuse_stops(self, tmp_path: Path) -> None:
        request = ask([0, 0], stop=StopSpec(stop_loss=0.1))

        with pytest.raises(UnsupportedFeature, match="executes stops on bars"):
            ENGINE.run(request, deep().market(tmp_path, [100] * 2))

    def test_refuse_a_latency_of_answers(self, tmp_path: Path) -> None:
        settings = EngineSettings(response_latency_ns=1)

        with pytest.raises(UnsupportedFeature, match="delays orders, not answers"):
            ENGINE.run(ask([0, 0], settings=settings), deep().market(tmp_path, [100] * 2))


NATIVE = """
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy


class OnTradesConfig(StrategyConfig, frozen=True):
    instrument_id: InstrumentId


class OnTrades(Strategy):
    def __init__(self, config: OnTradesConfig):
        super().__init__(config)

    def on_start(self):
        self.subscribe_trade_ticks(self.config.instrument_id)

    def on_trade_tick(self, tick):
        if self.portfolio.is_flat(self.config.instrument_id):
            instrument = self.cache.instrument(self.config.instrument_id)
            order = self.order_factory.market(
                instrument.id, OrderSide.BUY, instrument.make_qty(2)
            )
            self.submit_order(order)
"""


def test_a_strategy_file_sees_the_trades(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(NATIVE)
    market = deep().market(tmp_path, [100, 100])

    result = ENGINE.run_native(
        NativeRequest(path=path, class_name="OnTrades", costs=COSTS), market
    )

    assert facts(result) == [(1, 1, 100.5, 2, 2.01)]
    assert result.equity.tolist() == [10_000 - 1 - 2.01] * 2


TICK, LOT = Decimal("0.1"), Decimal("0.001")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Market:
    """Return six minutes of the Bitcoin perpetual with their bars."""
    store = SeriesStore(tmp_path_factory.mktemp("store"))
    instrument = InstrumentId("BTC/USDT:USDT", "BINANCEUSDM")
    key = SeriesKey(instrument, SeriesKind.EVENTS)
    path = sample_data / "binanceusdm_btcusdt_20240808_feed.gz"
    feed = BinanceFuturesFeed(path, instrument, allow_cut_end=True)
    import_events(store, feed, key, sizes=Sizes(Step(TICK), Step(LOT)))
    files = read_event_files(store, key)
    bars = bars_from_events(files, Timeframe.M1)
    return Market(
        instrument=InstrumentSpec(id=instrument, tick=TICK, lot=LOT), bars=bars, events=files
    )


def book_after(files: EventFiles, close_ns: int) -> tuple[int, float, float]:
    """Return time, best bid and best ask after the first moment at or after a close."""
    events = np.concatenate([read_events(path) for path in files.paths])
    events = events[events["ev"] & AT_EXCHANGE != 0]
    time_ns = int(events["exch_ts"][np.searchsorted(events["exch_ts"], close_ns)])
    book = Book()
    book.apply(events[events["exch_ts"] <= time_ns])
    levels = book.levels(time_ns)
    is_bid = levels["ev"] & BUY != 0
    return time_ns, levels["px"][is_bid].max(), levels["px"][~is_bid].min()


@pytest.mark.slow
def test_takes_the_best_of_a_recorded_book(recorded: Market) -> None:
    assert recorded.events is not None
    targets = [0.1, -0.1, 0.1, -0.1, 0]
    request = ask(targets, costs=CostModel(funding=False), account=AccountType.MARGIN)

    result = ENGINE.run(request, recorded)

    first = {int(fill["ts_ns"]): fill for fill in result.fills[::-1]}
    assert len(first) == 4
    for (time_ns, fill), open_ns in zip(
        sorted(first.items()), recorded.bars.open_ns.tolist(), strict=False
    ):
        expected_ns, bid, best_ask = book_after(
            recorded.events, open_ns + Timeframe.M1.nanoseconds
        )
        assert time_ns == expected_ns
        assert fill["price"] == (best_ask if fill["side"] > 0 else bid)
