"""Targets inside a replay: orders sized from the account, sent at the close, followed up."""

from functools import cache
from typing import Any, Final

from numba import typeof, types

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
    price_of,
    quantity_of,
    slot_of,
    submit,
    try_cancel,
)
from research.engines.hftbacktest.sizing import Decisions, size_order
from research.engines.hftbacktest.symbols import (
    best_ask_tick,
    best_bid_tick,
    current_timestamp,
    depth_of,
    find_order,
    wait_next_feed,
    wait_order_response,
)
from research.engines.hftbacktest.walking import farthest, walk

# Places in the cursor.
NEXT: Final = FREE  # the decision that comes next
_SIZED: Final = FREE + 1  # decisions whose order has been sized
_TODO: Final = FREE + 2  # lots still to trade for the decision sized last, < 0 to sell
_LIVE: Final = FREE + 3  # the order at work
_SENT_NS: Final = FREE + 5  # when the last order was sent
_READY: Final = FREE + 6  # 1 if something may be done
_LOOK_NS: Final = FREE + 7  # when a resting order is looked at next
_NO_PRICE: Final = 2**62


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
    """Send an order that takes what stands, as far as cash pays for its quantity."""
    cursor, terms = desk.cursor, desk.terms
    depth, side = depth_of(desk.hbt, 0), 1 if cursor[_TODO] > 0 else -1
    best = best_ask_tick(depth) if side > 0 else best_bid_tick(depth)
    if abs(best // 2) > _NO_PRICE // 2:
        return DONE
    lots, limit = abs(cursor[_TODO]), 1
    if side > 0:
        lots = _cut_to_cash(desk, lots, price_of(terms, best) * (1 + terms.taker_rate))
        cursor[_TODO] = lots
        if lots == 0:
            return DONE
        highest = cash_now(desk) / (quantity_of(terms, lots) * (1 + terms.taker_rate))
        limit = max(int(highest * terms.tick_denominator / terms.tick_numerator), best)
    if not terms.partial:
        return _send(desk, (side, limit, lots), IMMEDIATE)
    far = farthest(desk, depth, (side, best, lots))
    held = held_lots(desk)
    code = walk(desk, (side, min(far, limit) if side > 0 else far, lots), best)
    cursor[_TODO] -= held_lots(desk) - held
    cursor[_SENT_NS] = current_timestamp(desk.hbt)
    return code


@compiled
def _make(desk: Desk) -> int:
    """Rest an order at the best price of its own side, or move the one that rests."""
    cursor, terms = desk.cursor, desk.terms
    depth, side = depth_of(desk.hbt, 0), 1 if cursor[_TODO] > 0 else -1
    best = best_bid_tick(depth) if side > 0 else best_ask_tick(depth)
    if abs(best // 2) > _NO_PRICE // 2:
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
            at = cursor[NEXT] - 1
            cursor[_TODO] = size_order(desk, decisions, at)
            cursor[_SIZED] = at + 1
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
def _await_answer(desk: Desk, until_ns: int) -> int:
    cursor = desk.cursor
    left_ns = until_ns - current_timestamp(desk.hbt)
    code = wait_order_response(desk.hbt, 0, cursor[_LIVE], left_ns)
    fault = collect(desk)
    is_over = slot_of(desk, cursor[_LIVE]) < 0
    if is_over or find_order(desk.hbt, cursor[_LIVE])[0].req == 0:
        cursor[_READY] = 1
    return fault if fault != DONE else code


@compiled
def _await_look(desk: Desk, until_ns: int, interval_ns: int) -> int:
    cursor, now_ns = desk.cursor, current_timestamp(desk.hbt)
    if cursor[_LOOK_NS] <= now_ns:
        cursor[_LOOK_NS] = now_ns + interval_ns
    code = advance(desk, min(cursor[_LOOK_NS], until_ns))
    if current_timestamp(desk.hbt) >= cursor[_LOOK_NS]:
        cursor[_READY] = 1
    return code


@compiled
def _await_feed(desk: Desk, until_ns: int) -> int:
    code = wait_next_feed(desk.hbt, 0, until_ns - current_timestamp(desk.hbt))
    if code != FEED:
        return code
    desk.cursor[_READY] = 1
    return DONE


@compiled
def _wait(desk: Desk, times: tuple[int, int], maker: bool) -> int:  # noqa: FBT001
    """Let time pass until something is to be done again, or until a time.

    Notes
    -----
    That time may be no more than a pause of the loop: nothing is done because of it.
    """
    until_ns, interval_ns = times
    cursor = desk.cursor
    if cursor[_LIVE] != 0 and find_order(desk.hbt, cursor[_LIVE])[0].req != 0:
        return _await_answer(desk, until_ns)
    if cursor[_LIVE] != 0 or (maker and cursor[_TODO] != 0):
        return _await_look(desk, until_ns, interval_ns)
    if cursor[_TODO] == 0:
        return advance(desk, until_ns)
    # What stood in the book was refused or taken: the next chance is another book.
    return _await_feed(desk, until_ns)


@compiled
def _adopt(desk: Desk, decisions: Decisions, now_ns: int) -> None:
    """Let every decision whose bar has closed replace the one before."""
    cursor = desk.cursor
    while cursor[NEXT] < len(decisions.target) and decisions.close_ns[cursor[NEXT]] <= now_ns:
        cursor[NEXT] += 1
        cursor[_READY] = 1


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
        _adopt(desk, decisions, now_ns)
        if cursor[_READY] != 0:
            cursor[_READY] = 0
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
