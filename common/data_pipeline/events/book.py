"""The book by price that events make, and events that make a book."""

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from common.domain.events import (
    AT_EXCHANGE,
    AT_LOCAL,
    BUY,
    DEPTH,
    DEPTH_CLEAR,
    DEPTH_SNAPSHOT,
    EVENT_DTYPE,
    KIND_MASK,
    SELL,
    Events,
)


class Book:
    """The last quantity at each price of each side, as the exchange had it.

    Notes
    -----
    A level that the other side has crossed since it was last heard of is gone, whether or not
    its removal was recorded.
    """

    def __init__(self, levels: Events | None = None) -> None:
        # Prices of bids are negative: in rising order both sides begin with the best.
        self._prices: Floats = np.empty(0, np.float64)
        self._quantities: Floats = np.empty(0, np.float64)
        self._heard: Times = np.empty(0, np.int64)
        if levels is not None:
            self._update(levels)

    def apply(self, events: Events) -> None:
        """Take in events in the order of their file; those for the receiver alone change nothing."""
        kinds = events["ev"] & KIND_MASK
        is_book = (kinds == DEPTH) | (kinds == DEPTH_SNAPSHOT) | (kinds == DEPTH_CLEAR)
        book = events[is_book & (events["ev"] & AT_EXCHANGE != 0)]
        done = 0
        for place in np.flatnonzero(book["ev"] & KIND_MASK == DEPTH_CLEAR).tolist():
            self._update(book[done:place])
            self._clear(float(_signed(book[place : place + 1])[0]))
            done = place + 1
        self._update(book[done:])

    def levels(self, time_ns: int) -> Events:
        """Return the book as snapshot events of a time, bids from the best, then asks."""
        lasting = self._is_uncrossed()
        snapshot = np.zeros(int(lasting.sum()), EVENT_DTYPE)
        prices = self._prices[lasting]
        side = np.where(prices < 0, BUY, SELL).astype(np.uint64)
        snapshot["ev"] = side | DEPTH_SNAPSHOT | AT_EXCHANGE | AT_LOCAL
        snapshot["exch_ts"] = snapshot["local_ts"] = time_ns
        snapshot["px"], snapshot["qty"] = np.abs(prices), self._quantities[lasting]
        return snapshot

    def _update(self, events: Events) -> None:
        prices = np.concatenate([self._prices, _signed(events)])
        quantities = np.concatenate([self._quantities, events["qty"]])
        first = int(self._heard.max(initial=0)) + 1
        heard = np.concatenate([self._heard, np.arange(first, first + len(events))])
        # The last of equal prices comes first when the sequence is turned round.
        last = len(prices) - 1 - np.unique(prices[::-1], return_index=True)[1]
        self._keep(prices[last], quantities[last], heard[last], quantities[last] > 0)

    def _clear(self, limit: float) -> None:
        """Take out a side from the best price to the limit, which is negative for bids."""
        beyond = (self._prices > limit) | (np.sign(self._prices) != np.sign(limit))
        self._keep(self._prices, self._quantities, self._heard, beyond)

    def _keep(  # noqa: PLR0917 - the three columns of a book, and which of its rows
        self, prices: Floats, quantities: Floats, heard: Times, wanted: NDArray[np.bool_]
    ) -> None:
        self._prices, self._quantities = prices[wanted], quantities[wanted]
        self._heard = heard[wanted]

    def _is_uncrossed(self) -> NDArray[np.bool_]:
        """Tell which levels no later level of the other side crosses."""
        first_ask = int(np.searchsorted(self._prices, 0.0))
        bids, asks = self._prices[:first_ask], self._prices[first_ask:]
        bid_times, ask_times = self._heard[:first_ask], self._heard[first_ask:]
        # A bid at p is crossed by the asks at or below p, an ask by the bids at or above it.
        asks_below = np.searchsorted(asks, -bids, side="right")
        bids_above = np.searchsorted(bids, -asks, side="right")
        return np.concatenate([
            bid_times > _latest(ask_times)[asks_below],
            ask_times > _latest(bid_times)[bids_above],
        ])


def _signed(events: Events) -> Floats:
    return np.where(events["ev"] & BUY != 0, -events["px"], events["px"])


def _latest(times: Times) -> Times:
    """Return the latest of the first n times, for each n from 0."""
    return np.concatenate([[0], np.maximum.accumulate(times)])
