"""A quoting strategy inside a replay: asked at a fixed interval, its quotes kept or replaced."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import typeof, types
from numpy.typing import NDArray

from research.engines.hftbacktest.caching import compiled, compiled_for
from research.engines.hftbacktest.desk import (
    BAD_QUOTE,
    DONE,
    FREE,
    LAST_ID,
    PAUSED,
    POST_ONLY,
    ROWS_FULL,
    TRACKED,
    Desk,
    Wish,
    advance,
    affordable_lots,
    cash_now,
    held_lots,
    is_full,
    lots_of,
    price_of,
    slot_of,
    submit,
    try_cancel,
)
from research.engines.hftbacktest.symbols import (
    ask_qty_at_tick,
    best_ask_tick,
    best_bid_tick,
    bid_qty_at_tick,
    clear_last_trades,
    depth_of,
    find_order,
    last_trades,
)
from trading.strategies.quoting import Quotes, QuoteState

# Places in the cursor.
NEXT_NS: Final = FREE
_BID: Final = FREE + 1
_ASK: Final = FREE + 2
_TRADE_TICKS: Final = FREE + 3
_TRADE_LOTS: Final = 1  # in Desk.money
_LEVELS: Final = 5
# The library does not say where its book ends; beyond so many ticks nothing is counted.
_SEARCHED_TICKS: Final = 1_000
_NO_PRICE: Final = 2**62


@compiled
def _depth_of_side(depth: int, best: int, side: int) -> float:
    found, total = 0, 0.0
    for away in range(_SEARCHED_TICKS):
        if side > 0:
            quantity = bid_qty_at_tick(depth, best - away)
        else:
            quantity = ask_qty_at_tick(depth, best + away)
        if quantity > 0:
            total += quantity
            found += 1
            if found == _LEVELS:
                break
    return total


@compiled
def _note_last_trade(desk: Desk, length: NDArray[np.uint64]) -> None:
    trades = last_trades(desk.hbt, length)
    if len(trades) == 0:
        return
    trade = trades[len(trades) - 1]
    terms = desk.terms
    desk.cursor[_TRADE_TICKS] = round(trade.px * terms.tick_denominator / terms.tick_numerator)
    bought = (trade.ev & np.uint64(1 << 29)) != 0
    desk.money[_TRADE_LOTS] = lots_of(terms, trade.qty) * (1.0 if bought else -1.0)
    clear_last_trades(desk.hbt, 0)


@compiled
def _observe(desk: Desk, length: NDArray[np.uint64]) -> QuoteState:
    _note_last_trade(desk, length)
    depth = depth_of(desk.hbt, 0)
    bid, ask = best_bid_tick(depth), best_ask_tick(depth)
    has_bid, has_ask = bid > -_NO_PRICE, ask < _NO_PRICE
    return QuoteState(
        bid if has_bid else 0,
        ask if has_ask else 0,
        lots_of(desk.terms, _depth_of_side(depth, bid, 1)) if has_bid else 0.0,
        lots_of(desk.terms, _depth_of_side(depth, ask, -1)) if has_ask else 0.0,
        held_lots(desk),
        desk.cursor[_TRADE_TICKS],
        desk.money[_TRADE_LOTS],
    )


@compiled
def _free_cash(desk: Desk) -> float:
    """Cash that no open bid, nor one whose cancellation is under way, may still spend."""
    cash = cash_now(desk)
    for slot in range(desk.cursor[TRACKED]):
        order = find_order(desk.hbt, desk.tracked[slot, 0])[0]
        if order.side > 0:
            value = price_of(desk.terms, order.price_tick) * order.leaves_qty
            cash -= value * (1 + desk.terms.maker_rate)
    return cash


@compiled
def _requote(desk: Desk, wish: Wish) -> int:
    side, ticks, lots = wish
    place = _BID if side > 0 else _ASK
    slot = slot_of(desk, desk.cursor[place])
    if slot >= 0:
        order = find_order(desk.hbt, desk.tracked[slot, 0])[0]
        if order.price_tick == ticks and desk.tracked[slot, 1] == lots:
            return DONE
        if not try_cancel(desk, desk.tracked[slot, 0]):
            return DONE
    if side > 0 and lots > 0:
        cost = price_of(desk.terms, ticks) * (1 + desk.terms.maker_rate)
        lots = min(lots, affordable_lots(desk.terms, _free_cash(desk), cost))
    desk.cursor[place] = 0
    if lots == 0:
        return DONE
    code = submit(desk, (side, ticks, lots), POST_ONLY)
    desk.cursor[place] = desk.cursor[LAST_ID]
    return code


@compiled
def _is_good(ticks: int, lots: int) -> bool:
    return lots == 0 or (lots > 0 and ticks > 0)


@compiled
def _quote_both(desk: Desk, wanted: Quotes) -> int:
    bid, bid_lots, ask, ask_lots = wanted
    if not (_is_good(bid, bid_lots) and _is_good(ask, ask_lots)):
        return BAD_QUOTE
    code = _requote(desk, (1, bid, bid_lots))
    return code if code != DONE else _requote(desk, (-1, ask, ask_lots))


def quote(  # noqa: PLR0917 - compiled code is called by position
    desk: Desk,
    quotes: Callable[[QuoteState, Any], Quotes],
    params: Any,
    times: tuple[int, int, int, int],
) -> int:
    """Ask for quotes from `cursor[NEXT_NS]` on until a time, and bring the orders into line.

    Parameters
    ----------
    desk
        Where everything is kept from call to call.
    quotes, params
        The strategy.
    times
        Interval; the time at which to return; that of the last question, exclusive; when
        all answers to what came before will have arrived; nanoseconds.

    Returns
    -------
    int
        PAUSED at the time to return, ROWS_FULL, DONE when all is settled, or
        the code that ended the replay.
    """
    interval_ns, until_ns, end_ns, settled_ns = times
    length = np.zeros(1, np.uint64)
    while desk.cursor[NEXT_NS] < end_ns:
        if is_full(desk):
            return ROWS_FULL
        if desk.cursor[NEXT_NS] >= until_ns:
            return PAUSED
        code = advance(desk, desk.cursor[NEXT_NS])
        if code == DONE:
            code = _quote_both(desk, quotes(_observe(desk, length), params))
        if code != DONE:
            return code
        desk.cursor[NEXT_NS] += interval_ns
    return ROWS_FULL if is_full(desk) else advance(desk, settled_ns)


def compile_quotes(function: Callable[..., Quotes], params: Any) -> Any:
    """Compile a strategy's function for its parameters.

    Notes
    -----
    It is not kept on the disk: Numba would not notice a change in what it calls.
    """
    return _quotes_for(function, typeof(params))


def compile_quote_loop(desk: Desk, params: Any) -> Any:
    """Compile `quote` for these parameters, or read it from the disk."""
    return _loop_for(typeof(desk), typeof(params))


@lru_cache(maxsize=16)
def _quotes_for(function: Callable[..., Quotes], params: Any) -> Any:
    return compiled_for(_QUOTES(_STATE, params), function, keep=False)


@lru_cache(maxsize=16)
def _loop_for(desk: Any, params: Any) -> Any:
    function = types.FunctionType(_QUOTES(_STATE, params))
    times = types.UniTuple(types.int64, 4)
    return compiled_for(types.int64(desk, function, params, times), quote)


_QUOTES: Final = types.UniTuple(types.int64, 4)
_STATE: Final = types.NamedTuple(
    [
        types.int64,
        types.int64,
        types.float64,
        types.float64,
        types.int64,
        types.int64,
        types.float64,
    ],
    QuoteState,
)
