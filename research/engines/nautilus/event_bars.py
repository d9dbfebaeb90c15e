"""Closed bars among the events of whose trades they are made."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from nautilus_trader.model.data import Bar


def with_bars(
    pieces: Iterable[list[Any]], bars: list[Any], *, after_next_event: bool
) -> Iterator[list[Any]]:
    """Return the pieces with each bar in its place.

    Parameters
    ----------
    pieces
        Events in time order.
    bars
        Closed bars, each at its close.
    after_next_event
        Deliver a bar with the first event at or after its close, behind it: an order that
        arrives without delay then meets the book that this event left. Else a bar comes
        before what happens at its close, and its order meets what it meets on arrival.
    """
    waiting = bars[::-1]
    for data in pieces:
        times = [event.ts_init for event in data]
        merged, done = list[Any](), 0
        while waiting and waiting[-1].ts_init <= times[-1]:
            bar = waiting.pop()
            place = bisect_left(times, bar.ts_init)
            if after_next_event:
                bar = _at(bar, times[place])
                place = bisect_right(times, times[place])
            merged += [*data[done:place], bar]
            done = max(done, place)
        yield merged + data[done:]
    if waiting:
        yield waiting[::-1]


def _at(bar: Any, time_ns: int) -> Any:
    prices = (bar.open, bar.high, bar.low, bar.close)
    return Bar(bar.bar_type, *prices, bar.volume, bar.ts_event, time_ns)
