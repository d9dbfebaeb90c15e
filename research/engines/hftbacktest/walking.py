"""An order that takes several prices, piece by piece.

Of such an order the library reports the last piece alone. What it took before is asked of the
exchange by orders beside it: one for the same quantity at each price it may reach, arriving
with it. None of them uses up the book, so that what each took is what stood up to its price,
and the differences are the pieces. The library's account is not used where pieces are filled;
these orders are in no ledger.
"""

from typing import Final

from research.engines.hftbacktest.caching import compiled
from research.engines.hftbacktest.desk import (
    DONE,
    END_OF_DATA,
    IMMEDIATE,
    LAST_ID,
    PIECES_DIFFER,
    STEP,
    WENT_TOO_FAR,
    Desk,
    Wish,
    book_fill,
    lots_of,
    quantity_of,
    send_order,
)
from research.engines.hftbacktest.symbols import (
    ask_qty_at_tick,
    bid_qty_at_tick,
    clear_inactive_orders,
    find_order,
    wait_order_response,
)

# How far the best price may have moved while the order was on its way, and how much farther
# than the book here reached the order may go.
MARGIN_TICKS: Final = 200
_SEARCHED_TICKS: Final = 2_000
_EVER_NS: Final = 2**61


@compiled
def farthest(desk: Desk, depth: int, wish: Wish) -> int:
    """Return the price up to which a wish at the best price of the book here may take."""
    side, best, lots = wish
    wanted, found, ticks = quantity_of(desk.terms, lots), 0.0, best
    for away in range(_SEARCHED_TICKS):
        ticks = best + side * away
        found += ask_qty_at_tick(depth, ticks) if side > 0 else bid_qty_at_tick(depth, ticks)
        if found >= wanted * (1 - 1e-12):
            break
    return max(ticks + side * MARGIN_TICKS, 1)


@compiled
def _taken(desk: Desk, order_id: int, lots: int) -> int:
    found = find_order(desk.hbt, order_id)
    return lots - round(lots_of(desk.terms, found[0].leaves_qty)) if len(found) == 1 else -1


@compiled
def _book_pieces(desk: Desk, wish: Wish, first_ticks: int) -> int:
    side, limit, lots = wish
    order_id = desk.cursor[LAST_ID] - (side * (limit - first_ticks) + 1)
    order = find_order(desk.hbt, order_id)[0]
    before, last, total = 0, 0, _taken(desk, order_id, lots)
    for at in range(side * (limit - first_ticks) + 1):
        taken = _taken(desk, order_id + 1 + at, lots)
        piece = taken - before
        if piece < 0 or (at == 0 and piece > 0):
            return PIECES_DIFFER if piece < 0 else WENT_TOO_FAR
        if piece > 0:
            last, before = first_ticks + side * at, taken
            book_fill(desk, (order.exch_timestamp, last, side * piece), False)  # noqa: FBT003
    if before != total or (total > 0 and last != order.exec_price_tick):
        return PIECES_DIFFER
    if total > 0:
        desk.cursor[STEP] += 1
    return DONE


@compiled
def walk(desk: Desk, wish: Wish, best: int) -> int:
    """Take up to a price and book what was taken; return a code.

    Parameters
    ----------
    desk
        In `cursor[HELD]` what was taken shows.
    wish
        Side, the farthest price in ticks, lots.
    best
        Best price of the book here, ticks.
    """
    side, limit, lots = wish
    first = best - side * MARGIN_TICKS
    if side > 0:
        first = max(first, 1)
    quantity = quantity_of(desk.terms, lots)
    code = send_order(desk, wish, (quantity, IMMEDIATE))
    for at in range(side * (limit - first) + 1):
        if code == DONE:
            code = send_order(desk, (side, first + side * at, lots), (quantity, IMMEDIATE))
    if code == DONE:
        code = wait_order_response(desk.hbt, 0, desk.cursor[LAST_ID], _EVER_NS)
    if code not in (DONE, END_OF_DATA):
        return code
    fault = _book_pieces(desk, wish, first)
    clear_inactive_orders(desk.hbt, 0)
    return code if fault == DONE else fault
