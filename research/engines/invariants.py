"""What must be true of every execution, whatever engine made it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.domain.costs import AccountType, CostModel
from common.domain.enums import FillReason, Liquidity
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FUNDING_DTYPE, no_funding
from common.domain.time import format_utc
from research.domain.backtest import BacktestRequest, Execution, Market, NativeRequest
from research.engines.book import Book
from research.engines.exceptions import InvariantViolated
from research.engines.funding import owed

_MONEY: Final = 1e-6  # relative: fees and equity, as executions are compared
_LEAST_MONEY: Final = 1e-15  # engines that count money in decimals have sixteen of them
_PRICE: Final = 1e-9  # relative: a price that is a stored open
_TICK: Final = 1e-6  # ticks: how far a price read as a float may be from a whole one


def check_fills(*, fills: Fills, request: BacktestRequest, market: Market) -> None:
    """Refuse fills at other times, prices or fees than the request admits.

    Raises
    ------
    InvariantViolated
        If fills are malformed or out of order, or their fees are not rate times
        notional. On bars, if one lies off the stored bars of the period or on its first
        one, misses the open plus slippage where a target made it, or the range of its
        bar where a stop did. On events, if one lies outside the period or off the tick.
    """
    _check_form(fills)
    if not len(fills):
        return
    if market.events is None:
        _check_on_bars(fills, request.costs, market.period)
    else:
        _check_in_period(fills, market.period)
        ticks = fills["price"] / float(market.events.tick)
        _require(np.abs(ticks - np.rint(ticks)) <= _TICK, fills, "price is not on the tick")
    _check_fees(fills, request.costs)


def check_native_fills(*, fills: Fills, request: NativeRequest, market: Market) -> None:
    """Refuse fills of a person's own strategy that no market or fee model makes.

    Raises
    ------
    InvariantViolated
        If fills are malformed, out of order or outside the period, or their fees are
        not rate times notional.
    """
    _check_form(fills)
    if len(fills):
        _check_in_period(fills, market.period)
        _check_fees(fills, request.costs)


def _check_form(fills: Fills) -> None:
    if fills.dtype != FILL_DTYPE:
        raise InvariantViolated(f"fills have type {fills.dtype}, must be {FILL_DTYPE}")
    times, price, quantity = fills["ts_ns"], fills["price"], fills["quantity"]
    _require(np.isfinite(price) & (price > 0), fills, "price is not positive")
    _require(np.isfinite(quantity) & (quantity > 0), fills, "quantity is not positive")
    later = np.diff(times, prepend=times[:1]) >= 0
    _require(later, fills, "it is earlier than the one before")


def _check_on_bars(fills: Fills, costs: CostModel, bars: Bars) -> None:
    row = np.minimum(np.searchsorted(bars.open_ns, fills["ts_ns"]), len(bars) - 1)
    # The first target is read at the first close, so nothing can fill on that bar.
    stored = (bars.open_ns[row] == fills["ts_ns"]) & (row > 0)
    _require(stored, fills, "no stored bar of the period but its first opens then")

    slip = 1 + fills["side"] * costs.slippage
    wanted = bars.open[row] * slip
    by_target = fills["reason"] == FillReason.TARGET
    at_open = np.abs(fills["price"] - wanted) <= _PRICE * wanted
    _require(at_open | ~by_target, fills, "price is not that bar's open plus slippage")

    level = fills["price"] / slip
    low, high = bars.low[row] * (1 - _PRICE), bars.high[row] * (1 + _PRICE)
    _require(
        by_target | ((low <= level) & (level <= high)), fills, "a stop filled outside its bar"
    )


def _check_in_period(fills: Fills, bars: Bars) -> None:
    end_ns = bars.open_ns[-1] + bars.timeframe.nanoseconds
    inside = (bars.open_ns[0] <= fills["ts_ns"]) & (fills["ts_ns"] < end_ns)
    _require(inside, fills, "it is outside the period")


def _check_fees(fills: Fills, costs: CostModel) -> None:
    taker = fills["liquidity"] == Liquidity.TAKER
    rate = np.where(taker, costs.fee_rate, costs.maker_fee_rate)
    due = rate * fills["price"] * fills["quantity"]
    right = np.abs(fills["fee"] - due) <= _MONEY * np.abs(due) + _LEAST_MONEY
    _require(right, fills, "fee is not rate times notional")


def check_funding(*, execution: Execution, market: Market) -> None:
    """Refuse funding that is not what the fills and the stored rates make.

    Raises
    ------
    InvariantViolated
        If an entry is missing, is one too many, or has another quantity or amount.
    """
    rates, lot = market.funding, float(market.instrument.lot)
    entries = execution.funding
    due = no_funding() if rates is None else owed(execution.fills, rates, lot=lot)
    if entries.dtype != FUNDING_DTYPE or not np.array_equal(entries["ts_ns"], due["ts_ns"]):
        raise InvariantViolated(
            f"funding was booked {len(entries)} times, is due {len(due)} times"
        )
    allowed = _MONEY * np.abs(due["amount"]) + lot * np.abs(due["mark"] * due["rate"])
    off = ~(np.abs(entries["amount"] - due["amount"]) <= allowed)
    if off.any():
        at = int(np.argmax(off))
        raise InvariantViolated(
            f"funding at {format_utc(int(due['ts_ns'][at]))} is {entries['amount'][at]!r},"
            f" the position owes {due['amount'][at]!r}"
        )


def check_account(
    *,
    execution: Execution,
    book: Book,
    request: BacktestRequest | NativeRequest,
    market: Market,
) -> None:
    """Refuse an account that its own fills do not make.

    Raises
    ------
    InvariantViolated
        If the engine's equity at some close, its last cash or its last position
        differs from the recomputation, a buy spent more cash than there was, or a
        cash account went short.
    """
    bars, fills = market.period, execution.fills
    if execution.equity.shape != (len(bars),):
        raise InvariantViolated(
            f"equity has shape {execution.equity.shape}, the period ({len(bars)},)"
        )
    turnover = np.abs(book.cash) + np.abs(book.quantity * bars.close)
    allowed = _MONEY * np.maximum(turnover, request.cash)
    off = ~(np.abs(execution.equity - book.equity) <= allowed)
    if off.any():
        at = int(np.argmax(off))
        raise InvariantViolated(
            f"equity at {format_utc(int(bars.open_ns[at]))} is {execution.equity[at]!r},"
            f" the fills make {book.equity[at]!r}"
        )
    lot = float(market.instrument.lot)
    _check_last("cash", (execution.cash, book.cash[-1]), allowed[-1])
    held = max(lot, _MONEY * float(np.max(fills["quantity"], initial=0.0)))
    _check_last("position", (execution.quantity, book.quantity[-1]), held)

    bought = fills["side"] > 0
    spent = fills["price"] * fills["quantity"]
    _require(~bought | (book.cash_after >= -_MONEY * spent), fills, "it spends more than the cash")
    if request.account is AccountType.CASH:
        _require(book.quantity_after >= 0, fills, "it goes short on a cash account")


def find_ruin(equity: Floats) -> int | None:
    """Return the first bar at whose close equity is zero or below, or None."""
    ruined = equity <= 0
    return int(np.argmax(ruined)) if ruined.any() else None


def _check_last(what: str, values: tuple[float, float], allowed: float) -> None:
    reported, made = values
    if not abs(reported - made) <= allowed:
        raise InvariantViolated(
            f"{what} after the last bar is {reported!r}, the fills make {float(made)!r}"
        )


def _require(right: NDArray[np.bool_], fills: Fills, fault: str) -> None:
    if right.all():
        return
    at = int(np.argmin(right))
    fill = {name: fills[name][at].item() for name in ("side", "price", "quantity", "fee")}
    raise InvariantViolated(
        f"fill {at} at {format_utc(int(fills['ts_ns'][at]))} {fill}: {fault}", fill=at
    )
