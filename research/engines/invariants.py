"""What must be true of every execution on bars, whatever engine made it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.costs import AccountType
from common.domain.enums import FillReason, Liquidity
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.time import format_utc
from research.domain.backtest import BacktestRequest, Execution, Market
from research.engines.book import Book
from research.engines.exceptions import InvariantViolated

_MONEY: Final = 1e-6  # relative: fees and equity, as executions are compared
_PRICE: Final = 1e-9  # relative: a price that is a stored open


def check_fills(*, fills: Fills, request: BacktestRequest, market: Market) -> None:
    """Refuse fills at other times, prices or fees than the request admits.

    Raises
    ------
    InvariantViolated
        If fills are malformed or out of order, lie off the stored bars of the period
        or on its first one, miss the open plus slippage where a target made them, or
        their fees are not rate times notional.
    """
    if fills.dtype != FILL_DTYPE:
        raise InvariantViolated(f"fills have type {fills.dtype}, must be {FILL_DTYPE}")
    if not len(fills):
        return
    times, price, quantity = fills["ts_ns"], fills["price"], fills["quantity"]
    _require(np.isfinite(price) & (price > 0), fills, "price is not positive")
    _require(np.isfinite(quantity) & (quantity > 0), fills, "quantity is not positive")
    _require(np.diff(times, prepend=times[0]) >= 0, fills, "it is earlier than the one before")

    bars = market.period
    row = np.minimum(np.searchsorted(bars.open_ns, times), len(bars) - 1)
    # The first target is read at the first close, so nothing can fill on that bar.
    stored = (bars.open_ns[row] == times) & (row > 0)
    _require(stored, fills, "no stored bar of the period but its first opens then")

    costs = request.costs
    wanted = bars.open[row] * (1 + fills["side"] * costs.slippage)
    by_target = fills["reason"] == FillReason.TARGET
    at_open = np.abs(price - wanted) <= _PRICE * wanted
    _require(at_open | ~by_target, fills, "price is not that bar's open plus slippage")

    taker = fills["liquidity"] == Liquidity.TAKER
    due = np.where(taker, costs.fee_rate, costs.maker_fee_rate) * price * quantity
    right = np.abs(fills["fee"] - due) <= _MONEY * np.abs(due)
    _require(right, fills, "fee is not rate times notional")


def check_account(
    *, execution: Execution, book: Book, request: BacktestRequest, market: Market
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
