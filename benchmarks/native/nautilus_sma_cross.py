"""A moving-average cross written directly against NautilusTrader, in its documented idiom.

The yardstick of `benchmarks/adapters.py`: the same bars, rule and fee as one `run_backtest`,
with nothing of the platform in it. Its orders fill at the close that decided them.
"""

import json
import sys
from decimal import Decimal

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("BENCH")
INSTRUMENT = InstrumentId(Symbol("BTCUSDT"), VENUE)
BARS = BarType.from_str(f"{INSTRUMENT}-{sys.argv[2]}-LAST-EXTERNAL")


class CrossConfig(StrategyConfig, frozen=True):  # type: ignore[call-arg]
    """Periods of the averages."""

    fast: int = 10
    slow: int = 50


class Cross(Strategy):
    """In while the fast average is above the slow one."""

    def __init__(self, config: CrossConfig) -> None:
        super().__init__(config)
        self.fast = SimpleMovingAverage(config.fast)
        self.slow = SimpleMovingAverage(config.slow)

    def on_start(self) -> None:
        """Ask for the bars and have the averages kept."""
        self.instrument = self.cache.instrument(INSTRUMENT)
        self.register_indicator_for_bars(BARS, self.fast)
        self.register_indicator_for_bars(BARS, self.slow)
        self.subscribe_bars(BARS)

    def on_bar(self, bar: Bar) -> None:
        """Trade at the close."""
        if not self.indicators_initialized():
            return
        held = self.portfolio.net_position(INSTRUMENT)
        if self.fast.value > self.slow.value:
            if not held:
                self._buy(bar)
        elif held:
            self.close_all_positions(INSTRUMENT)

    def _buy(self, bar: Bar) -> None:
        free = self.portfolio.account(VENUE).balance_free(USDT).as_decimal()
        quantity = self.instrument.make_qty(free * Decimal("0.998") / bar.close.as_decimal())
        self.submit_order(self.order_factory.market(INSTRUMENT, OrderSide.BUY, quantity))


pair = CurrencyPair(
    INSTRUMENT,
    Symbol("BTCUSDT"),
    BTC,
    USDT,
    2,
    6,
    Price.from_str("0.01"),
    Quantity.from_str("0.000001"),
    0,
    0,
    maker_fee=Decimal("0.001"),
    taker_fee=Decimal("0.001"),
)
engine = BacktestEngine(
    BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
)
engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, [Money(10_000, USDT)])
engine.add_instrument(pair)
frame = pd.read_csv(sys.argv[1], index_col=0, parse_dates=True)
engine.add_data(BarDataWrangler(BARS, pair).process(frame))
engine.add_strategy(Cross(CrossConfig()))
engine.run()
fills = engine.trader.generate_order_fills_report()
account = engine.trader.generate_account_report(VENUE)
print(
    json.dumps({
        "fills": fills.astype(str).to_dict("records"),
        "account": account.iloc[-1].astype(str).to_dict(),
    })
)
