"""A person's own NautilusTrader strategy: found, configured, run as it is, read back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.costs import CostModel
from research.domain.backtest import BacktestResult, Market, NativeRequest
from research.engines.exceptions import EngineFailed, InvalidNativeStrategy, UnsupportedFeature
from research.engines.nautilus.engine import NautilusEngine
from research.engines.tests.scripted import HOUR_NS, market

pytestmark = [pytest.mark.engine("nautilus"), pytest.mark.timeout(120)]

SOURCE = '''
from decimal import Decimal

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy


class InAndOutConfig(StrategyConfig, frozen=True):
    instrument_id: InstrumentId
    bar_type: BarType
    share: Decimal = Decimal("0.5")
    hold: int = 1


class InAndOut(Strategy):
    """Buys with a share of its cash at the first bar, sells some bars later."""

    def __init__(self, config: InAndOutConfig) -> None:
        super().__init__(config)
        self.count = 0

    def on_start(self):
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar):
        instrument = self.cache.instrument(self.config.instrument_id)
        if self.count == 0:
            account = self.portfolio.account(instrument.id.venue)
            cash = account.balance_free(USD).as_decimal()
            wanted = instrument.make_qty(cash * self.config.share / bar.close.as_decimal())
            self.submit_order(self.order_factory.market(instrument.id, OrderSide.BUY, wanted))
        if self.count == self.config.hold:
            self.close_all_positions(instrument.id)
        self.count += 1


class Rests(InAndOut):
    """Rests a bid below the market."""

    def on_bar(self, bar):
        instrument = self.cache.instrument(self.config.instrument_id)
        if self.count == 0:
            self.submit_order(
                self.order_factory.limit(
                    instrument.id,
                    OrderSide.BUY,
                    instrument.make_qty(10),
                    instrument.make_price(95),
                )
            )
        self.count += 1


class Breaks(InAndOut):
    def on_bar(self, bar):
        raise KeyError("no such thing")


class Plain:
    pass
'''
HALF_PERCENT = CostModel(fee_rate=0.005, maker_fee_rate=0.002)


@pytest.fixture
def strategy_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def deep(thin: Market) -> Market:
    """Return the market with volume enough: the venue offers a quarter of it at each price."""
    bars = thin.bars
    prices = (bars.open, bars.high, bars.low, bars.close)
    volume = np.full(len(bars), 1e6)
    return replace(thin, bars=Bars(bars.timeframe, bars.open_ns, *prices, volume))


def run(path: Path, name: str = "InAndOut", **settings: Any) -> BacktestResult:
    request = NativeRequest(path=path, class_name=name, **settings)
    bars = deep(market([100, 100, 110, 90], [100, 110, 120, 90], lot="0.01"))
    return NautilusEngine().run_native(request, bars)


class TestNativeStrategies:
    def test_fill_at_the_close_where_the_venue_fills_them(self, strategy_file: Path) -> None:
        # 10,000 / 2 / 100 = 50 at the close of the first bar, fee 25; sold at the second
        # close of 110 for 5,500 - 27.5: 10,447.5.
        result = run(strategy_file, costs=HALF_PERCENT)

        assert result.fills["ts_ns"].tolist() == [HOUR_NS - 1, 2 * HOUR_NS - 1]
        assert result.fills["side"].tolist() == [1, -1]
        assert result.fills["price"].tolist() == [100, 110]
        assert result.fills["quantity"].tolist() == [50, 50]
        assert result.fills["fee"].tolist() == [25, 27.5]
        assert result.equity.tolist() == [9_975, 10_447.5, 10_447.5, 10_447.5]

    def test_take_parameters_by_the_names_of_their_config(self, strategy_file: Path) -> None:
        result = run(strategy_file, params={"share": 0.25, "hold": 2}, costs=HALF_PERCENT)

        assert result.fills["quantity"].tolist() == [25, 25]
        assert result.fills["price"].tolist() == [100, 120]

    def test_pay_the_maker_fee_where_they_rest(self, strategy_file: Path) -> None:
        # The last bar opens at 90, below the bid of 95.
        result = run(strategy_file, "Rests", costs=HALF_PERCENT)

        assert result.fills["liquidity"].tolist() == [1]
        assert result.fills["fee"][0] == pytest.approx(0.002 * 10 * result.fills["price"][0])
        assert result.quantity == 10

    def test_that_raise_end_the_run(self, strategy_file: Path) -> None:
        with pytest.raises(EngineFailed, match="KeyError: 'no such thing'") as error:
            run(strategy_file, "Breaks")

        assert isinstance(error.value.__cause__, KeyError)

    def test_that_cannot_be_imported_end_the_run(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.py"
        path.write_text("import no_such_module_anywhere\n")

        with pytest.raises(EngineFailed, match="No module named 'no_such_module_anywhere'"):
            run(path)

    @pytest.mark.parametrize(
        ("name", "params", "message"),
        [
            ("Absent", {}, r"mine\.py holds no NautilusTrader Strategy named Absent"),
            ("Plain", {}, "holds no NautilusTrader Strategy named Plain"),
            ("InAndOut", {"shares": 1}, "InAndOutConfig has no shares; it has .*share"),
            ("InAndOut", {"hold": "long"}, "InAndOutConfig does not take these"),
        ],
    )
    def test_that_are_none_are_refused_by_name(
        self, strategy_file: Path, name: str, params: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidNativeStrategy, match=message):
            run(strategy_file, name, params=params)

    def test_have_no_slippage(self, strategy_file: Path) -> None:
        with pytest.raises(UnsupportedFeature, match=r"slippage is 0\.001"):
            run(strategy_file, costs=CostModel(slippage=0.001))

    def test_need_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidNativeStrategy, match=r"none\.py is not a Python file"):
            run(tmp_path / "none.py")
