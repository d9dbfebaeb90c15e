"""Half a million recorded events: our quotes against the same strategy written natively."""

import importlib
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.costs import AccountType, CostModel, Sizing
from common.domain.events import ARRAY_NAME, KIND_MASK, TRADE, EventFiles
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, BacktestResult, Market, NativeRequest
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel
from research.engines.hftbacktest.engine import HftbacktestEngine
from research.engines.tests.scripted import ask
from trading.strategies.library.quote_both_sides import QuoteBothSides

pytestmark = [
    pytest.mark.engine("hftbacktest"),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

ENGINE = HftbacktestEngine()
COSTS = CostModel(fee_rate=0.0005, maker_fee_rate=0.0002)
MINUTE_NS = Timeframe.M1.nanoseconds

# Shares no code with the adapter: orders are looked up in the library's own dictionary.
NATIVE = """
    from numba import njit
    from hftbacktest import GTX, LIMIT

    @njit
    def quote(hbt, first_ns, last_ns, half=5, most=10, skew=1):
        number = bid = ask = 0
        if hbt.elapse(0) != 0:
            return False
        if hbt.elapse(first_ns - hbt.current_timestamp) != 0:
            return False
        while hbt.current_timestamp < last_ns:
            hbt.clear_inactive_orders(0)
            depth, orders = hbt.depth(0), hbt.orders(0)
            held = round(hbt.position(0) / 0.001)
            middle = depth.best_bid_tick + depth.best_ask_tick - 2 * skew * held
            wanted_bid = min((middle - 2 * half) // 2, depth.best_ask_tick - 1)
            wanted_ask = max(-((-middle - 2 * half) // 2), depth.best_bid_tick + 1)
            if bid in orders and (orders.get(bid).price_tick != wanted_bid or held >= most):
                hbt.cancel(0, bid, False)
                bid = 0
            elif bid not in orders:
                bid = 0
            if bid == 0 and held < most:
                number += 1
                bid = number
                hbt.submit_buy_order(0, bid, wanted_bid * 0.1, 0.001, GTX, LIMIT, False)
            if ask in orders and (orders.get(ask).price_tick != wanted_ask or held <= -most):
                hbt.cancel(0, ask, False)
                ask = 0
            elif ask not in orders:
                ask = 0
            if ask == 0 and held > -most:
                number += 1
                ask = number
                hbt.submit_sell_order(0, ask, wanted_ask * 0.1, 0.001, GTX, LIMIT, False)
            if hbt.elapse(100_000_000) != 0:
                break
        return True
"""


@pytest.fixture(scope="module")
def recorded(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Market:
    """Return minutes 1 to 5 of the recording, converted by the library itself."""
    feed = sample_data / "binanceusdm_btcusdt_20240808_feed.gz"
    path = tmp_path_factory.mktemp("feed") / "feed.npz"
    convert = importlib.import_module("hftbacktest.data.utils.binancefutures").convert
    convert(str(feed), str(path), buffer_size=1_000_000)
    events = np.load(path)[ARRAY_NAME]
    trades = events[(events["ev"] & np.uint64(KIND_MASK)) == TRADE]
    minutes = np.unique(trades["exch_ts"] // MINUTE_NS)[1:6]
    prices = [trades["px"][trades["exch_ts"] // MINUTE_NS == minute] for minute in minutes]
    columns = [[each[0], each.max(), each.min(), each[-1], len(each)] for each in prices]
    opens_ns = minutes * MINUTE_NS
    return Market(
        instrument=InstrumentSpec(
            id=InstrumentId("BTC/USDT", "BINANCE"), lot=Decimal("0.001"), tick=Decimal("0.1")
        ),
        bars=Bars(Timeframe.M1, opens_ns, *np.array(columns, np.float64).T.copy()),
        events=EventFiles(
            (path,),
            Decimal("0.1"),
            Decimal("0.001"),
            int(opens_ns[0]),
            int(opens_ns[-1]) + MINUTE_NS,
            "0" * 64,
            (len(events),),
        ),
    )


def quotes(**settings: Any) -> BacktestRequest:
    strategy = QuoteBothSides()
    return BacktestRequest(
        strategy=strategy,
        params=strategy.admit({}),
        costs=COSTS,
        account=AccountType.MARGIN,
        settings=EngineSettings(**settings),
    )


class TestQuoteBothSides:
    def test_is_filled_as_the_same_strategy_written_natively(
        self, recorded: Market, tmp_path: Path
    ) -> None:
        assert recorded.events is not None
        path = tmp_path / "mine.py"
        path.write_text(dedent(NATIVE))
        span = {"first_ns": recorded.events.start_ns, "last_ns": recorded.events.end_ns}
        native = NativeRequest(
            path=path, class_name="quote", params=span, costs=COSTS, account=AccountType.MARGIN
        )

        ours, theirs = ENGINE.run(quotes(), recorded), ENGINE.run_native(native, recorded)

        assert len(ours.fills) > 300
        assert ours.fills.tobytes() == theirs.fills.tobytes()
        assert ours.equity.tobytes() == theirs.equity.tobytes()

    def test_agrees_with_the_account_of_the_library_alone(
        self, recorded: Market, tmp_path: Path
    ) -> None:
        library = importlib.import_module("hftbacktest")
        events = recorded.events
        assert events is not None
        namespace: dict[str, Any] = {}
        exec(dedent(NATIVE), namespace)
        asset = library.BacktestAsset().data([str(events.paths[0])]).linear_asset(1.0)
        asset = asset.constant_order_latency(0, 0).risk_adverse_queue_model()
        asset = asset.no_partial_fill_exchange().trading_value_fee_model(0.0002, 0.0005)
        backtest = library.HashMapMarketDepthBacktest([asset.tick_size(0.1).lot_size(0.001)])

        # The last question is before the end, at which nothing is asked.
        namespace["quote"](backtest, events.start_ns, events.end_ns - 100_000_000)
        account = backtest.state_values(0)
        result = ENGINE.run(quotes(), recorded)

        assert account.num_trades == len(result.fills)
        assert account.fee == pytest.approx(result.fills["fee"].sum(), rel=1e-12)
        assert account.position == pytest.approx(result.quantity, abs=1e-9)
        assert 10_000 + account.balance - account.fee == pytest.approx(result.cash, rel=1e-12)

    def test_has_fewer_fills_with_latency(self, recorded: Market) -> None:
        slow = ENGINE.run(quotes(recorded_latency=True), recorded)
        slower = ENGINE.run(quotes(order_latency_ns=10**9, response_latency_ns=10**9), recorded)

        assert len(ENGINE.run(quotes(), recorded).fills) > len(slow.fills) > len(slower.fills)

    def test_runs_with_every_queue_and_with_pieces(self, recorded: Market) -> None:
        counts = [len(ENGINE.run(quotes(queue=queue), recorded).fills) for queue in QueueModel]
        pieces = ENGINE.run(quotes(partial_fills=True), recorded)

        # The model that is averse to risk is the last to fill.
        assert min(counts) == counts[0] > 300
        # An order of one lot has no pieces.
        whole = ENGINE.run(quotes(), recorded).fills
        for name in ("ts_ns", "side", "price", "quantity", "liquidity"):
            assert pieces.fills[name].tolist() == whole[name].tolist()
        np.testing.assert_allclose(pieces.fills["fee"], whole["fee"], rtol=1e-9)


class TestTargets:
    @pytest.mark.parametrize("style", list(ExecutionStyle))
    def test_follow_the_book(self, style: ExecutionStyle, recorded: Market) -> None:
        request = ask(
            [0.5, -0.5, 0, 1, 1],
            costs=COSTS,
            account=AccountType.MARGIN,
            settings=EngineSettings(execution=style, recorded_latency=True),
        )

        result = ENGINE.run(request, recorded)

        closes_ns = recorded.bars.open_ns[1:]
        assert result.fills["side"].tolist() == [1, -1, 1, 1]
        assert (result.fills["ts_ns"] > closes_ns).all()
        close = recorded.bars.close[:-1]
        np.testing.assert_allclose(result.fills["price"], close, rtol=1e-3)
        assert (result.fills["liquidity"] == (style is ExecutionStyle.MAKER)).all()

    def test_pay_more_where_they_take_several_prices(self, recorded: Market) -> None:
        # 50 BTC at once are more than stands at the best price of this book.
        def run(*, partial_fills: bool) -> BacktestResult:
            return ENGINE.run(
                ask(
                    [1, 1, 0, 0, 0],
                    cash=1e7,
                    costs=CostModel(fee_rate=0, maker_fee_rate=0),
                    sizing=Sizing.parse("fixed_quantity=50"),
                    settings=EngineSettings(partial_fills=partial_fills),
                ),
                recorded,
            )

        whole, pieces = run(partial_fills=False), run(partial_fills=True)

        assert whole.fills["quantity"].tolist() == [50, 50]
        for side in (1, -1):
            taken = pieces.fills[pieces.fills["side"] == side]
            assert len(taken) > 2
            assert (np.diff(taken["price"]) * side > 0).all()
            assert taken["quantity"].sum() == pytest.approx(50, abs=1e-9)
            assert taken["price"][0] == whole.fills["price"][whole.fills["side"] == side][0]
        assert pieces.cash < whole.cash
