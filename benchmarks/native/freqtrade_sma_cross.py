"""A moving-average cross written directly against Freqtrade's backtester, without a network.

The yardstick of `benchmarks/adapters.py`: the same bars, rule and fee as one `run_backtest`,
with nothing of the platform in it. Freqtrade wants an exchange's markets, so a subclass hands
it one; everything else is its own.
"""

import json
import sys
import tempfile
from pathlib import Path

import pandas as pd
from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode
from freqtrade.exchange.binance import Binance
from freqtrade.optimize.backtesting import Backtesting

PAIR = "BTC/USDT"
STRATEGY = """
import talib.abstract as ta
from freqtrade.strategy import IStrategy


class Cross(IStrategy):
    timeframe = "1m"
    startup_candle_count = 0
    minimal_roi = {"0": 100}
    stoploss = -0.99
    can_short = False

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = ta.SMA(dataframe, timeperiod=10)
        dataframe["slow"] = ta.SMA(dataframe, timeperiod=50)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] <= dataframe["slow"], "exit_long"] = 1
        return dataframe
"""
_NO_LIMIT = {"min": None, "max": None}
MARKET = {
    "id": "BTCUSDT", "symbol": PAIR, "base": "BTC", "quote": "USDT", "active": True,
    "baseId": "BTC", "quoteId": "USDT", "settle": None, "settleId": None, "type": "spot",
    "spot": True, "swap": False, "margin": False, "future": False, "option": False,
    "contract": False, "linear": False, "inverse": False, "contractSize": None,
    "taker": 0.001, "maker": 0.001, "precision": {"amount": 1e-6, "price": 0.01}, "info": {},
    "limits": {"amount": _NO_LIMIT, "price": _NO_LIMIT, "cost": _NO_LIMIT, "leverage": _NO_LIMIT},
}  # fmt: skip


class Offline(Binance):
    """Binance with one market and no network."""

    def reload_markets(self, force: bool = False, *, load_leverage_tiers: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - the library's signature
        """Take the market."""
        for api in (self._api, self._api_async):
            api.set_markets([MARKET])
        self._markets = self._api.markets
        self._last_markets_refresh = 253_370_764_800_000

    def additional_exchange_init(self) -> None:
        """Ask the exchange nothing."""


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    (folder / "data").mkdir()
    (folder / "cross.py").write_text(STRATEGY, encoding="utf-8")
    frame = pd.read_csv(sys.argv[1])
    frame["date"] = pd.to_datetime(frame["date"], utc=True)
    frame.to_feather(folder / "data" / f"BTC_USDT-{sys.argv[2]}.feather")
    config = Configuration({}, RunMode.BACKTEST)
    settings = {
        "internals": {}, "dry_run": True, "dry_run_wallet": 10_000.0, "stake_currency": "USDT",
        "stake_amount": "unlimited", "tradable_balance_ratio": 1.0, "max_open_trades": 1,
        "trading_mode": "spot", "margin_mode": "", "fee": 0.001, "dataformat_ohlcv": "feather",
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}], "runmode": RunMode.BACKTEST,
        "entry_pricing": {"price_side": "other", "use_order_book": True},
        "exit_pricing": {"price_side": "other", "use_order_book": True},
        "user_data_dir": folder, "datadir": folder / "data", "exportdirectory": folder,
        "strategy": "Cross", "strategy_path": str(folder),
    }  # fmt: skip
    config.config = settings
    exchange = Offline(settings, load_leverage_tiers=False)
    backtesting = Backtesting(settings, exchange=exchange)
    data, timerange = backtesting.load_bt_data()
    backtesting.backtest_one_strategy(backtesting.strategylist[0], data, timerange)
    content = backtesting.all_bt_content["Cross"]
    Backtesting.cleanup()
    exchange.close()
print(
    json.dumps({
        "trades": content["results"].astype(str).to_dict("records"),
        "final_balance": float(content["final_balance"]),
    })
)
