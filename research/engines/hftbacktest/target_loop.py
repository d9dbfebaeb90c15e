"""Targets inside a replay: orders sized from the account, sent at the close, followed up."""

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numba import typeof, types
from numpy.typing import NDArray

from research.engines.hftbacktest.caching import compiled, compiled_for
from research.engines.hftbacktest.desk import (
    DONE,
    FEED,
    FREE,
    IMMEDIATE,
    LAST_ID,
    PAUSED,
    POST_ONLY,
    ROWS_FULL,
    Desk,
    Wish,
    advance,
    affordable_lots,
    cash_now,
    collect,
    held_lots,
    is_full,
    lots_of,
    price_of,
    quantity_of,
    slot_of,
    submit,
    try_cancel,
)
from research.engines.hftbacktest.symbols import (
    best_ask_tick,
    best_bid_tick,
    current_timestamp,
    depth_of,
    find_order,
    wait_next_feed,
    wait_order_response,
)

# Places in the cursor.
NEXT: Final = FREE  # the decision that comes next
_SIZED: Final = FREE + 1  # decisions whose order has been sized
_TODO: Final = FREE + 2  # lots still to trade for the decision sized last, < 0 to sell
_LIVE: Final = FREE + 3  # the order at work
SKIPPED: Final = FREE + 4  # orders below the minimum notional
_SENT_NS: Final = FREE + 5  # when the last order was sent
_NO_PRICE: Final = 2**62
# What rounding leaves of a quantity that is a whole number of lots.
_SAME_LOT: Final = 1e-12


class Decisions(NamedTuple):
    """Targets that make an order, oldest first, and how they become quantities.

    Parameters
    ----------
    close_ns, close, target : ndarrays, shape (n_decisions,)
        When each was read, at what close, and the exposure.
    skipped_ns : ndarray of int64, shape (n_decisions,)
        Filled in: decisions whose order was below the minimum notional.
    notional, quantity
        What a target of 1 means; 0 is not set, and with neither it is the equity.
    min_notional
        Least value of an order, quote currency.
    """

    close_ns: NDArray[np.int64]
    close: NDArray[np.float64]
    target: NDArray[np.float64]
    skipped_ns: NDArray[np.int64]
    notional: float
    quantity: float
    min_notional: float


@compiled
def _wanted_lots(desk: Desk, decisions: Decisions, at: int) -> float:
    target, close = decisions.target[at], decisions.close[at]
    if decisions.quantity > 0:
        return lots_of(desk.terms, target * decisions.quantity)
    if decisions.notional > 0:
        return lots_of(desk.terms, target * decisions.notional / close)
    held = quantity_of(desk.terms, held_lots(desk))
    return lots_of(desk.terms, target * (cash_now(desk) + held * close) / close)


@compiled
def _toward_zero(lots: float, scale: float) -> int:
    whole = np.rint(lots)
    if abs(lots - whole) <= _SAME_LOT * max(scale, 1.0):
        return int(whole)
    return int(np.trunc(lots))


@compiled
def _size(desk: Desk, decisions: Decisions, at: int) -> None:
    cursor = desk.cursor
    wanted, held = _wanted_lots(desk, decisions, at), held_lots(desk)
    lots = _toward_zero(wanted - held, max(abs(wanted), float(abs(held))))
    value = quantity_of(desk.terms, abs(lots)) * decisions.close[at]
    small = value < decisions.min_notional * (1 - 1e-12)
    # An order that closes the position is exempt; less than a lot is no order at all.
    if lots != 0 and small and decisions.target[at] != 0.0:
        decisions.skipped_ns[cursor[SKIPPED]] = decisions.close_ns[at]
        cursor[SKIPPED] += 1
        lots = 0
    cursor[_TODO] = lots
    cursor[_SIZED] = at + 1


@compiled
def _cut_to_cash(desk: Desk, lots: int, cost: float) -> int:
    return min(lots, affordable_lots(desk.terms, cash_now(desk), cost))


@compiled
def _send(desk: Desk, wish: Wish, time_in_force: int) -> int:
    code = submit(desk, wish, time_in_force)
    desk.cursor[_LIVE] = desk.cursor[LAST_ID]
    desk.cursor[_SENT_NS] = current_timestamp(desk.hbt)
    return code


@compiled
def _take(desk: Desk) -> int:
    """Send an order that takes whatever stands, as far as cash pays for its quantity."""
    cursor, terms = desk.cursor, desk.terms
    depth = depth_of(desk.hbt, 0)
    if cursor[_TODO] < 0:
        return _send(desk, (-1, 1, -cursor[_TODO]), IMMEDIATE)
    ask = best_ask_tick(depth)
    if ask > _NO_PRICE:
        return DONE
    lots = _cut_to_cash(desk, cursor[_TODO], price_of(terms, ask) * (1 + terms.taker_rate))
    if lots == 0:
        cursor[_TODO] = 0
        return DONE
    highest = cash_now(desk) / (quantity_of(terms, lots) * (1 + terms.taker_rate))
    limit = int(highest * terms.tick_denominator / terms.tick_numerator)
    return _send(desk, (1, max(limit, ask), lots), IMMEDIATE)


@compiled
def _make(desk: Desk) -> int:
    """Rest an order at the best price of its own side, or move the one that rests."""
    cursor, terms = desk.cursor, desk.terms
    depth, side = depth_of(desk.hbt, 0), 1 if cursor[_TODO] > 0 else -1
    best = best_bid_tick(depth) if side > 0 else best_ask_tick(depth)
    if abs(best) > _NO_PRICE:
        return DONE
    if cursor[_LIVE] != 0:
        if find_order(desk.hbt, cursor[_LIVE])[0].price_tick != best:
            try_cancel(desk, cursor[_LIVE])
        return DONE
    lots = abs(cursor[_TODO])
    if side > 0:
        lots = _cut_to_cash(desk, lots, price_of(terms, best) * (1 + terms.maker_rate))
        cursor[_TODO] = lots
    if lots == 0:
        return DONE
    return _send(desk, (side, best, lots), POST_ONLY)


@compiled
def _note_progress(desk: Desk, held_before: int) -> None:
    """Take what was executed off what is to do, and forget an order that is over."""
    cursor = desk.cursor
    cursor[_TODO] -= held_lots(desk) - held_before
    if slot_of(desk, cursor[_LIVE]) < 0:
        cursor[_LIVE] = 0


@compiled
def _act(desk: Desk, decisions: Decisions, maker: bool) -> int:  # noqa: FBT001
    cursor = desk.cursor
    if cursor[_SIZED] < cursor[NEXT]:
        if cursor[_LIVE] == 0:
            _size(desk, decisions, cursor[NEXT] - 1)
        else:
            # The account is not known before the order at work is over.
            try_cancel(desk, cursor[_LIVE])
            return DONE
    # What was refused at this very moment would be refused again, for ever.
    again = cursor[_LIVE] == 0 and cursor[_SENT_NS] == current_timestamp(desk.hbt)
    if cursor[_TODO] == 0 or again:
        return DONE
    if maker:
        return _make(desk)
    return DONE if cursor[_LIVE] != 0 else _take(desk)


@compiled
def _wait(desk: Desk, times: tuple[int, int], maker: bool) -> int:  # noqa: FBT001
    """Let time pass until something is to be done again."""
    until_ns, interval_ns = times
    cursor, now_ns = desk.cursor, current_timestamp(desk.hbt)
    idle = cursor[_TODO] == 0 and cursor[_LIVE] == 0
    if idle:
        return advance(desk, until_ns)
    if cursor[_LIVE] != 0 and find_order(desk.hbt, cursor[_LIVE])[0].req != 0:
        code = wait_order_response(desk.hbt, 0, cursor[_LIVE], until_ns - now_ns)
    elif maker or cursor[_LIVE] != 0:
        return advance(desk, min(now_ns + interval_ns, until_ns))
    else:
        # An order found nothing it could pay for: the next chance is another book.
        code = wait_next_feed(desk.hbt, 0, until_ns - now_ns)
        code = DONE if code == FEED else code
    fault = collect(desk)
    return fault if fault != DONE else code


def follow(  # noqa: PLR0917 - compiled code is called by position
    desk: Desk,
    decisions: Decisions,
    maker: bool,  # noqa: FBT001
    times: tuple[int, int, int, int],
) -> int:
    """Execute decisions from `cursor[NEXT]` on until a time.

    Parameters
    ----------
    desk
        Where everything is kept from call to call.
    decisions
        What to execute.
    maker
        Whether orders rest at the best price of their own side, or take.
    times
        How often a resting order is looked at; the time at which to return; the end of the
        period; when all answers to what came before will have arrived; nanoseconds.

    Returns
    -------
    int
        PAUSED at the time to return, ROWS_FULL, DONE when all is settled, or the code
        that ended the replay.
    """
    interval_ns, until_ns, end_ns, settled_ns = times
    cursor = desk.cursor
    while True:
        if is_full(desk):
            return ROWS_FULL
        now_ns = current_timestamp(desk.hbt)
        if now_ns >= until_ns:
            return advance(desk, settled_ns) if until_ns >= end_ns else PAUSED
        while cursor[NEXT] < len(decisions.target) and decisions.close_ns[cursor[NEXT]] <= now_ns:
            cursor[NEXT] += 1
        code = _act(desk, decisions, maker)
        if code != DONE:
            return code
        wake_ns = until_ns
        if cursor[NEXT] < len(decisions.target):
            wake_ns = min(wake_ns, decisions.close_ns[cursor[NEXT]])
        held = held_lots(desk)
        code = _wait(desk, (wake_ns, interval_ns), maker)
        _note_progress(desk, held)
        if code != DONE:
            return code


def compile_target_loop(desk: Desk, decisions: Decisions) -> Any:
    """Compile `follow`, or read it from the disk."""
    return _loop_for(typeof(desk), typeof(decisions))


@cache
def _loop_for(desk: Any, decisions: Any) -> Any:
    times = types.UniTuple(types.int64, 4)
    return compiled_for(types.int64(desk, decisions, types.boolean, times), follow)
