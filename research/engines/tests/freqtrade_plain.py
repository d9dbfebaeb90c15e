"""Freqtrade driven plainly, as its documentation has it, and faults to plant in it.

It shares nothing with the adapter: markets are put into the exchange object by hand, bars
into a folder, and orders are read from the trades in memory.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from common.domain.bars import Bars
from common.domain.fills import Fills

TIER = {
    "minNotional": 0.0,
    "maxNotional": None,
    "maintenanceMarginRate": 0.0,
    "maxLeverage": 125.0,
    "maintAmt": 0.0,
}


def plain_market(pair: str, fee: float) -> dict[str, Any]:
    base, _, rest = pair.partition("/")
    quote, _, settle = rest.partition(":")
    limit = {"min": None, "max": None}
    return {
        "id": base + quote, "symbol": pair, "base": base, "quote": quote, "active": True,
        "baseId": base, "quoteId": quote, "settle": settle or None, "settleId": settle or None,
        "type": "swap" if settle else "spot", "spot": not settle, "swap": bool(settle),
        "margin": False, "future": False, "option": False, "contract": bool(settle),
        "linear": bool(settle), "inverse": False, "contractSize": 1.0 if settle else None,
        "taker": fee, "maker": fee, "precision": {"amount": 1e-8, "price": None}, "info": {},
        "limits": {"amount": limit, "price": limit, "cost": limit,
                   "leverage": {"min": 1, "max": 125}},
    }  # fmt: skip


def plain_orders(
    bars: Bars, strategy: Path, name: str, folder: Path, *, pair: str = "BTC/USD"
) -> list[tuple[int, str, float, float, str]]:
    """Return time (ns), side, price, quantity and tag of each order Freqtrade filled."""
    from freqtrade.configuration import Configuration
    from freqtrade.enums import RunMode
    from freqtrade.exchange.binance import Binance
    from freqtrade.optimize.backtesting import Backtesting

    futures = ":" in pair

    class Plain(Binance):  # type: ignore[misc]
        def reload_markets(self, force: bool = False, *, load_leverage_tiers: bool = True) -> None:
            self._api.set_markets([plain_market(pair, 0.001)])
            self._api_async.set_markets([plain_market(pair, 0.001)])
            self._markets = self._api.markets
            self._last_markets_refresh = 253_370_764_800_000

        def fill_leverage_tiers(self) -> None:
            self._leverage_tiers = {pair: [TIER]}

        def additional_exchange_init(self) -> None:
            pass

    data = folder / "data"
    (data / "futures").mkdir(parents=True)
    frame = pd.DataFrame({
        "date": pd.to_datetime(bars.open_ns, utc=True),
        **{key: getattr(bars, key) for key in ("open", "high", "low", "close", "volume")},
    })
    file = "futures/BTC_USD_USD-1h-futures.feather" if futures else "BTC_USD-1h.feather"
    frame.to_feather(data / file)
    config = Configuration({}, RunMode.BACKTEST)
    settings: dict[str, Any] = {
        "internals": {}, "dry_run": True, "dry_run_wallet": 10_000.0, "stake_currency": "USD",
        "stake_amount": "unlimited", "tradable_balance_ratio": 0.99, "max_open_trades": 1,
        "trading_mode": "futures" if futures else "spot", "fee": 0.001,
        "margin_mode": "isolated" if futures else "", "dataformat_ohlcv": "feather",
        "exchange": {"name": "binance", "pair_whitelist": [pair], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}], "runmode": RunMode.BACKTEST,
        "entry_pricing": {"price_side": "other", "use_order_book": True},
        "exit_pricing": {"price_side": "other", "use_order_book": True},
        "user_data_dir": folder, "datadir": data, "strategy": name,
        "strategy_path": str(strategy.parent), "exportdirectory": folder,
    }  # fmt: skip
    config.config = settings
    exchange = Plain(settings, load_leverage_tiers=True)
    backtesting = Backtesting(settings, exchange=exchange)
    try:
        loaded, timerange = backtesting.load_bt_data()
        backtesting.backtest_one_strategy(backtesting.strategylist[0], loaded, timerange)
        trades = backtesting.all_bt_content[name]["results"].to_dict(orient="records")
    finally:
        Backtesting.cleanup()
        exchange.close()
    found = [
        (order["order_filled_timestamp"] * 1_000_000, order["ft_order_side"],
         order["safe_price"], order["amount"], order["ft_order_tag"])
        for trade in trades
        for order in trade["orders"]
        if order["ft_order_tag"] != "force_exit"
    ]  # fmt: skip
    return sorted(found, key=lambda order: order[0])


def same_orders(fills: Fills, orders: list[tuple[int, str, float, float, str]]) -> bool:
    """Return whether fills are those orders, to the bit of price and the lot of quantity."""
    sides = [1 if order[1] == "buy" else -1 for order in orders]
    return (
        fills["ts_ns"].tolist() == [order[0] for order in orders]
        and fills["side"].tolist() == sides
        and fills["price"].tolist() == [order[2] for order in orders]
        and bool(np.allclose(fills["quantity"], [order[3] for order in orders], rtol=0, atol=1e-9))
    )


def backtester() -> Any:
    """Return Freqtrade's own class."""
    from freqtrade.optimize.backtesting import Backtesting

    return Backtesting


def kept_trades() -> int:
    """Return how many trades Freqtrade keeps in its class."""
    from freqtrade.persistence import LocalTrade

    return len(LocalTrade.bt_trades) + len(LocalTrade.bt_trades_open)


def delay_fills(monkeypatch: pytest.MonkeyPatch, *, hours: int) -> None:
    """Make Freqtrade report each fill too late."""
    from freqtrade.persistence import Order

    close = Order.close_bt_order

    def late(self: Any, close_date: datetime, trade: Any) -> None:
        close(self, close_date + timedelta(hours=hours), trade)

    monkeypatch.setattr(Order, "close_bt_order", late)


def delay_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Freqtrade trade each signal one bar later than its own shift has it."""
    prepare = backtester()._get_ohlcv_as_lists

    def late(self: Any, processed: Any) -> Any:
        data = prepare(self, processed)
        for rows in data.values():
            signals = [row[5:] for row in rows]
            for row, signal in zip(rows[1:], signals[:-1], strict=True):
                row[5:] = signal
        return data

    monkeypatch.setattr(backtester(), "_get_ohlcv_as_lists", late)


def lose_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Freqtrade report every trade without the last of its orders."""
    from freqtrade.persistence import LocalTrade

    report = LocalTrade.to_json

    def forgetful(self: Any, minified: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = report(self, minified)
        return {**told, "orders": told["orders"][:-1]}

    monkeypatch.setattr(LocalTrade, "to_json", forgetful)


def watch_trades(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float, float]]:
    """Return a list that fills with time, price and amount of each order in Freqtrade's trades."""
    from freqtrade.optimize import backtesting

    seen: list[tuple[int, float, float]] = []
    collect = backtesting.trade_list_to_dataframe

    def watched(trades: list[Any], *args: Any) -> Any:
        seen.extend(
            (int(order.order_filled_utc.timestamp() * 1000), order.safe_price, order.safe_amount)
            for trade in trades
            for order in trade.orders
        )
        return collect(trades, *args)

    monkeypatch.setattr(backtesting, "trade_list_to_dataframe", watched)
    return seen


def fund_at_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the adapter count funding as Freqtrade does: at the open of a position too."""
    from freqtrade.exchange.binance import Binance

    from research.engines.freqtrade.venue import OfflineVenue

    monkeypatch.setattr(OfflineVenue, "calculate_funding_fees", Binance.calculate_funding_fees)
