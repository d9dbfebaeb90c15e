"""Freqtrade's export as the platform's facts."""

from decimal import Decimal
from typing import Any, Final

import numpy as np

from common.domain.bars import Times
from common.domain.enums import FillReason, Liquidity
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FundingEntries, no_funding
from research.domain.backtest import Execution, Market
from research.engines.book import keep_book
from research.engines.exceptions import InvariantViolated, UnsupportedFeature
from research.engines.freqtrade.export import Export
from research.engines.funding import owed

_REASONS: Final = {
    "stop_loss": FillReason.STOP_LOSS,
    "liquidation": FillReason.STOP_LOSS,
    "trailing_stop_loss": FillReason.TRAILING,
    "roi": FillReason.TAKE_PROFIT,
}
# What Freqtrade sells at the end of the data; the position is marked instead.
_AT_THE_END: Final = "force_exit"
_MILLISECOND: Final = 1_000_000
_MONEY: Final = 1e-6  # relative: two accounts of the same fills


def read_execution(
    export: Export, market: Market, *, cash: float, skipped_ns: Times, on_bars: bool
) -> Execution:
    """Return fills, and the account that Freqtrade's orders make.

    Parameters
    ----------
    on_bars
        Whether fills inside a bar are reported at its open time, as the rule has it.

    Raises
    ------
    InvariantViolated
        If Freqtrade's wallet or funding is not what its own orders make.
    """
    bars = market.period
    fills = read_fills(export, lot=market.instrument.lot)
    fills = fills[fills["ts_ns"] < bars.open_ns[-1] + bars.timeframe.nanoseconds]
    if on_bars and len(fills):
        row = np.searchsorted(bars.open_ns, fills["ts_ns"], side="right") - 1
        fills["ts_ns"] = bars.open_ns[row]
        fills = merge(fills, market.instrument.lot)
    lot = float(market.instrument.lot)
    funding = no_funding() if market.funding is None else owed(fills, market.funding, lot=lot)
    _check_funding(export, funding)
    _check_wallet(export)
    book = keep_book(fills=fills, bars=bars, cash=cash, lot=lot, funding=funding)
    return Execution(
        fills=fills,
        equity=book.equity,
        cash=float(book.cash[-1]),
        quantity=float(book.quantity[-1]),
        skipped_ns=skipped_ns,
        funding=funding,
    )


def read_fills(export: Export, *, lot: Decimal) -> Fills:
    """Return all orders but the closing ones, in time order, each as it was exported."""
    rows = [
        _read_order(trade, order, lot)
        for trade in export.trades
        for order in trade["orders"]
        if order["ft_order_tag"] != _AT_THE_END
    ]
    fills = np.array(rows, FILL_DTYPE)
    return fills[np.argsort(fills["ts_ns"], kind="stable")]


def _read_order(trade: dict[str, Any], order: dict[str, Any], lot: Decimal) -> tuple[Any, ...]:
    is_entry = order["ft_is_entry"]
    price = float(order["safe_price"])
    quantity = _quantity(order["amount"], lot)
    rate = float(trade["fee_open"] if is_entry else trade["fee_close"])
    reason = FillReason.TARGET if is_entry else _REASONS.get(order["ft_order_tag"])
    return (
        int(order["order_filled_timestamp"]) * _MILLISECOND,
        1 if order["ft_order_side"] == "buy" else -1,
        price,
        quantity,
        price * quantity * rate,
        Liquidity.TAKER,
        FillReason.TARGET if reason is None else reason,
    )


def _quantity(amount: float, lot: Decimal) -> float:
    """Return the whole number of lots that a float is near to, as a quantity."""
    return float((Decimal(repr(float(amount))) / lot).to_integral_value() * lot)


def check_leverage(export: Export) -> None:
    """Refuse what borrows: the account keeps no margin but its own cash.

    Raises
    ------
    UnsupportedFeature
        If a trade of Freqtrade has a leverage above one.
    """
    highest = max((float(trade["leverage"]) for trade in export.trades), default=1.0)
    if highest > 1:
        raise UnsupportedFeature(
            f"the strategy trades with leverage {highest:g}, 1 is supported",
            engine="freqtrade",
            features=["leverage"],
        )


def merge(fills: Fills, lot: Decimal) -> Fills:
    """Add up neighbours of equal time, side, price and reason.

    Notes
    -----
    Freqtrade changes the sign of a position in two orders, an exit and an entry.
    """
    same = np.ones(len(fills), np.bool_)
    same[:1] = False
    for name in ("ts_ns", "side", "price", "reason"):
        same[1:] &= fills[name][1:] == fills[name][:-1]
    if not same.any():
        return fills
    first = np.flatnonzero(~same)
    merged = fills[first]
    merged["fee"] = np.add.reduceat(fills["fee"], first)
    total = np.add.reduceat(fills["quantity"], first)
    merged["quantity"] = [_quantity(quantity, lot) for quantity in total]
    return merged


def _check_funding(export: Export, entries: FundingEntries) -> None:
    booked = sum(float(trade["funding_fees"] or 0.0) for trade in export.trades)
    due, gross = float(np.sum(entries["amount"])), float(np.sum(np.abs(entries["amount"])))
    if abs(booked - due) > _MONEY * max(gross, abs(booked)):
        raise InvariantViolated(
            f"freqtrade booked funding of {booked!r}, its positions make {due!r}"
        )


def _check_wallet(export: Export) -> None:
    # Its closing sale is one of the orders.
    made, gross = export.starting_balance, abs(export.starting_balance)
    for trade in export.trades:
        made += float(trade["funding_fees"] or 0.0)
        for order in trade["orders"]:
            value = float(order["safe_price"]) * float(order["amount"])
            rate = float(trade["fee_open"] if order["ft_is_entry"] else trade["fee_close"])
            made -= value * ((1 if order["ft_order_side"] == "buy" else -1) + rate)
            gross += value
    if abs(made - export.final_balance) > _MONEY * gross:
        raise InvariantViolated(
            f"freqtrade's wallet ends at {export.final_balance!r}, its orders make {made!r}"
        )
