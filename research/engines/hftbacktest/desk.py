"""The trader's desk inside a replay: the orders it follows, and the fills it was told of.

Everything here is compiled. An order is read from the library's own records whenever time has
passed; nothing about an execution is computed but its place in the list.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from research.engines.hftbacktest.caching import compiled
from research.engines.hftbacktest.symbols import (
    cancel_order,
    clear_inactive_orders,
    current_timestamp,
    elapse,
    find_order,
    state_values,
    submit_buy_order,
    submit_sell_order,
    wait_next_feed,
)

# Codes the library's functions return.
DONE: Final = 0
END_OF_DATA: Final = 1
FEED: Final = 2
_RESPONSE: Final = 3
# Codes of our own loops.
PAUSED: Final = 200
ROWS_FULL: Final = 201
BAD_QUOTE: Final = 202
TOO_MANY_ORDERS: Final = 203
LOST_ORDER: Final = 204
PIECES_DIFFER: Final = 205
WENT_TOO_FAR: Final = 206

# Status and time in force of an order, the library's numbers.
NEW: Final = 1
_EXPIRED: Final = 2
FILLED: Final = 3
_CANCELED: Final = 4
PARTIALLY_FILLED: Final = 5
POST_ONLY: Final = 1
IMMEDIATE: Final = 3
_LIMIT: Final = 0

# Places in `Desk.cursor`; those from FREE on belong to the loop.
ROWS: Final = 0
STEP: Final = 1
TRACKED: Final = 2
LAST_ID: Final = 3
HELD: Final = 4
FREE: Final = 8
CURSOR_SIZE: Final = 16
MAX_ORDERS: Final = 64
# Fills of one step: every order followed, or every price that an order may take.
MOST_AT_ONCE: Final = 4_096
# The partial-fill exchange keeps an order that a trade fills by exactly what was left of it,
# and fails at the next trade there. An order a thousandth of a lot smaller never ends so.
_SHORT_LOTS: Final = 1e-3

ROW_DTYPE: Final = np.dtype([
    ("ts_ns", np.int64),  # when the exchange executed
    ("side", np.int64),  # +1 bought, -1 sold
    ("ticks", np.int64),  # price
    ("quantity", np.float64),  # base currency
    ("maker", np.int64),  # 1 if it rested
    ("step", np.int64),  # fills the library told of together have one number
    # The library's account when it told of this step.
    ("position", np.float64),
    ("balance", np.float64),
    ("fee", np.float64),
    ("num_trades", np.int64),
])


class Terms(NamedTuple):
    """Numbers that do not change in a run; tick and lot as fractions of whole numbers."""

    cash: float
    taker_rate: float
    maker_rate: float
    tick_numerator: float
    tick_denominator: float
    lot_numerator: float
    lot_denominator: float
    partial: bool


type Wish = tuple[int, int, int]
"""An order to be sent: side, price in ticks, lots."""


class Desk(NamedTuple):
    """What the loops carry from call to call.

    Parameters
    ----------
    hbt
        Address of the library's backtest.
    cursor : ndarray of int64, shape (CURSOR_SIZE,)
        Counters.
    tracked : ndarray of int64, shape (MAX_ORDERS, 2)
        Orders that are not over: identifier, and lots left when last looked at.
    rows : structured array of ROW_DTYPE
        Fills, the first `cursor[ROWS]` of them in use.
    money : ndarray of float64, shape (2,)
        Cash by our own ledger; quantity of the last public trade in lots, > 0 if bought.
    terms
        Of the run.
    """

    hbt: int
    cursor: NDArray[np.int64]
    tracked: NDArray[np.int64]
    rows: NDArray[np.void]
    money: NDArray[np.float64]
    terms: Terms


@compiled
def price_of(terms: Terms, ticks: int) -> float:
    """Return a price in the quote currency."""
    return ticks * terms.tick_numerator / terms.tick_denominator


@compiled
def quantity_of(terms: Terms, lots: float) -> float:
    """Return a quantity in the base currency."""
    return lots * terms.lot_numerator / terms.lot_denominator


@compiled
def lots_of(terms: Terms, quantity: float) -> float:
    """Return a quantity in lots, not rounded."""
    return quantity * terms.lot_denominator / terms.lot_numerator


@compiled
def cash_now(desk: Desk) -> float:
    """Return the cash: the library's, or our ledger's where pieces are filled."""
    if desk.terms.partial:
        return desk.money[0]
    account = state_values(desk.hbt)[0]
    return desk.terms.cash + account.balance - account.fee


@compiled
def held_lots(desk: Desk) -> int:
    """Return the signed position in lots, the library's or our ledger's likewise."""
    if desk.terms.partial:
        return desk.cursor[HELD]
    return round(lots_of(desk.terms, state_values(desk.hbt)[0].position))


@compiled
def affordable_lots(terms: Terms, cash: float, cost: float) -> int:
    """Return how many lots cash pays, at the cost of a whole unit, fee included."""
    lots = lots_of(terms, cash / cost)
    return max(int(np.floor(lots * (1 + 1e-15))), 0)


@compiled
def book_fill(desk: Desk, piece: tuple[int, int, int], maker: bool) -> None:  # noqa: FBT001
    """Write a fill down: when, at what price in ticks, and signed lots."""
    ts_ns, ticks, lots = piece
    terms, row = desk.terms, desk.rows[desk.cursor[ROWS]]
    row.ts_ns = ts_ns
    row.side = 1 if lots > 0 else -1
    row.ticks = ticks
    row.quantity = quantity_of(terms, abs(lots))
    row.maker = 1 if maker else 0
    row.step = desk.cursor[STEP]
    value = price_of(terms, ticks) * quantity_of(terms, lots)
    rate = terms.maker_rate if maker else terms.taker_rate
    desk.money[0] -= value + rate * abs(value)
    desk.cursor[HELD] += lots
    desk.cursor[ROWS] += 1


@compiled
def collect(desk: Desk) -> int:
    """Book what the library's records say was executed since the last look.

    Returns
    -------
    int
        DONE, or LOST_ORDER if the library no longer knows an order that is not over.
    """
    cursor, tracked = desk.cursor, desk.tracked
    before, kept = cursor[ROWS], 0
    for slot in range(cursor[TRACKED]):
        found = find_order(desk.hbt, tracked[slot, 0])
        if len(found) == 0:
            return LOST_ORDER
        order = found[0]
        left = round(lots_of(desk.terms, order.leaves_qty))
        if left < tracked[slot, 1]:
            lots = np.int64(order.side) * (tracked[slot, 1] - left)
            piece = (order.exch_timestamp, order.exec_price_tick, lots)
            book_fill(desk, piece, order.maker)
        if order.status not in (_EXPIRED, FILLED, _CANCELED):
            tracked[kept, 0] = tracked[slot, 0]
            tracked[kept, 1] = left
            kept += 1
    if kept < cursor[TRACKED]:
        clear_inactive_orders(desk.hbt, 0)
        cursor[TRACKED] = kept
    if cursor[ROWS] > before:
        account = state_values(desk.hbt)[0]
        for at in range(before, cursor[ROWS]):
            desk.rows[at].position = account.position
            desk.rows[at].balance = account.balance
            desk.rows[at].fee = account.fee
            desk.rows[at].num_trades = account.num_trades
        cursor[STEP] += 1
    return DONE


@compiled
def is_full(desk: Desk) -> bool:
    """Tell whether one more step might not fit into the rows."""
    return desk.cursor[ROWS] + MOST_AT_ONCE > len(desk.rows)


@compiled
def advance(desk: Desk, until_ns: int) -> int:
    """Let time pass and book what was executed; our clock never goes back.

    Notes
    -----
    Where pieces are filled the replay stops at every answer, because the library keeps
    only the last piece of an order. It may then return ROWS_FULL before its time.
    """
    code = DONE
    while desk.terms.partial and desk.cursor[TRACKED] > 0 and code != END_OF_DATA:
        if is_full(desk):
            return ROWS_FULL
        left_ns = until_ns - current_timestamp(desk.hbt)
        if left_ns <= 0:
            break
        code = wait_next_feed(desk.hbt, 1, left_ns)
        if code > _RESPONSE:
            return code
        if code == DONE:
            break
        if code == _RESPONSE and collect(desk) != DONE:
            return LOST_ORDER
    if code != END_OF_DATA:
        code = elapse(desk.hbt, max(until_ns - current_timestamp(desk.hbt), 0))
    fault = collect(desk)
    return fault if fault != DONE else code


@compiled
def slot_of(desk: Desk, order_id: int) -> int:
    """Return where an order is tracked, -1 once it is over."""
    for slot in range(desk.cursor[TRACKED]):
        if desk.tracked[slot, 0] == order_id:
            return slot
    return -1


@compiled
def try_cancel(desk: Desk, order_id: int) -> bool:
    """Ask to cancel an order; False if an earlier request on it has no answer yet."""
    order = find_order(desk.hbt, order_id)[0]
    if order.req != 0 or order.status not in (NEW, PARTIALLY_FILLED):
        return False
    return cancel_order(desk.hbt, 0, order_id, 0) == DONE


@compiled
def send_order(desk: Desk, wish: Wish, how: tuple[float, int]) -> int:
    """Send a limit order, numbered `cursor[LAST_ID]`, of a quantity; return a code."""
    quantity, time_in_force = how
    desk.cursor[LAST_ID] += 1
    order_id, price = desk.cursor[LAST_ID], price_of(desk.terms, wish[1])
    if wish[0] > 0:
        return submit_buy_order(desk.hbt, 0, order_id, price, quantity, time_in_force, _LIMIT, 0)
    return submit_sell_order(desk.hbt, 0, order_id, price, quantity, time_in_force, _LIMIT, 0)


@compiled
def submit(desk: Desk, wish: Wish, time_in_force: int) -> int:
    """Send a limit order and follow it; return a code."""
    slot, lots = desk.cursor[TRACKED], wish[2]
    if slot >= MAX_ORDERS:
        return TOO_MANY_ORDERS
    size = lots - _SHORT_LOTS if desk.terms.partial else float(lots)
    code = send_order(desk, wish, (quantity_of(desk.terms, size), time_in_force))
    desk.tracked[slot, 0] = desk.cursor[LAST_ID]
    desk.tracked[slot, 1] = lots
    desk.cursor[TRACKED] += 1
    return code
