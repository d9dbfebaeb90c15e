"""Recorded trades and book updates as NautilusTrader's data, in pieces that bound the memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from nautilus_trader.model.data import OrderBookDelta, OrderBookDeltas, TradeTick
from nautilus_trader.model.enums import AggressorSide, BookAction, OrderSide, RecordFlag
from numpy.typing import NDArray

from common.data_pipeline.events.files import read_events
from common.domain.events import (
    AT_EXCHANGE,
    BUY,
    DEPTH,
    DEPTH_CLEAR,
    DEPTH_SNAPSHOT,
    KIND_MASK,
    TRADE,
    EventFiles,
    Events,
)
from research.engines.nautilus.inputs import MOST_DECIMALS
from research.engines.nautilus.venue import Traded

_PIECE: Final = 65_536  # events


@dataclass(slots=True)
class EventFeed:
    """Turns events into data; it knows which levels stand, so that a range can be cleared.

    Parameters
    ----------
    files
        The recording.
    traded
        The instrument, whose tick and lot are those of the recording.

    Notes
    -----
    Everything has the time it had at the exchange: the venue and the strategy share one
    clock in NautilusTrader, so that what the receiver saw later is not modelled. Updates
    of the book that were sent together are applied together.
    """

    files: EventFiles
    traded: Traded
    _levels: dict[int, set[int]] = field(default_factory=lambda: {1: set(), -1: set()})
    _trades: int = 0

    def pieces(self, end_ns: int) -> Iterator[list[Any]]:
        """Return what happened before a time, oldest first; no piece is empty."""
        for path in self._paths():
            events = _at_exchange(path)
            if path == self.files.snapshot:
                events["exch_ts"] = min(int(events["exch_ts"].max(initial=0)), self._begin_ns())
            events = events[events["exch_ts"] < end_ns]
            for start in range(0, len(events), _PIECE):
                yield self._data(events[start : start + _PIECE])

    def _paths(self) -> list[Path]:
        snapshot = self.files.snapshot
        return [*([snapshot] if snapshot else []), *self.files.paths]

    def _begin_ns(self) -> int:
        times = _at_exchange(self.files.paths[0])["exch_ts"]
        return int(times[0]) if len(times) else self.files.start_ns

    def _data(self, events: Events) -> list[Any]:
        is_trade = events["ev"] & KIND_MASK == TRADE
        trades = iter(self._trade_ticks(events[is_trade]))
        deltas = self._book_deltas(events)
        starts = np.flatnonzero(_begins_message(events, is_trade)).tolist()
        data: list[Any] = []
        for start, stop in pairwise([*starts, len(events)]):
            if is_trade[start]:
                data.append(next(trades))
                continue
            message = [delta for row in range(start, stop) for delta in deltas[row]]
            if message:
                data.append(OrderBookDeltas(self.traded.id, message))
        return data

    def _trade_ticks(self, trades: Events) -> list[Any]:
        if not len(trades):
            return []
        first, self._trades = self._trades, self._trades + len(trades)
        times = trades["exch_ts"].astype(np.uint64)
        side = np.where(trades["ev"] & BUY != 0, AggressorSide.BUYER, AggressorSide.SELLER)
        ticks: list[Any] = TradeTick.from_raw_arrays_to_list(
            self.traded.id,
            self.traded.scale.price,
            self.traded.scale.size,
            trades["px"].copy(),
            trades["qty"].copy(),
            side.astype(np.uint8),
            [str(number) for number in range(first, self._trades)],
            times,
            times,
        )
        return ticks

    def _book_deltas(self, events: Events) -> list[list[Any]]:
        """Return what each event changes in the book, nothing for a trade."""
        kinds = (events["ev"] & KIND_MASK).tolist()
        sides = np.where(events["ev"] & BUY != 0, 1, -1).tolist()
        ticks = np.rint(events["px"] / float(self.files.tick)).astype(np.int64).tolist()
        lots = np.rint(events["qty"] / float(self.files.lot)).astype(np.int64).tolist()
        rows = zip(kinds, sides, ticks, lots, events["exch_ts"].tolist(), strict=True)
        return [self._change(row) for row in rows]

    def _change(self, row: tuple[int, int, int, int, int]) -> list[Any]:
        kind, side, ticks, lots, time_ns = row
        levels = self._levels[side]
        if kind in {DEPTH, DEPTH_SNAPSHOT}:
            (levels.add if lots else levels.discard)(ticks)
            return [self._delta(side, ticks, lots, time_ns=time_ns)]
        if kind != DEPTH_CLEAR:
            return []
        # From the best price of that side to this one.
        cleared = sorted(at for at in levels if (at - ticks) * side >= 0)
        levels.difference_update(cleared)
        return [self._delta(side, at, 0, time_ns=time_ns) for at in cleared]

    def _delta(self, side: int, ticks: int, lots: int, *, time_ns: int) -> Any:
        scale = self.traded.scale
        return OrderBookDelta.from_raw(
            self.traded.id,
            BookAction.UPDATE if lots else BookAction.DELETE,
            OrderSide.BUY if side > 0 else OrderSide.SELL,
            ticks * raw_step(self.files.tick),
            scale.price,
            lots * raw_step(self.files.lot),
            scale.size,
            0,
            RecordFlag.F_LAST,
            0,
            time_ns,
            time_ns,
        )


def raw_step(step: Decimal) -> int:
    """Return a step in the units of NautilusTrader's fixed-point numbers."""
    return int(step.scaleb(MOST_DECIMALS))


def _at_exchange(path: Path) -> Events:
    events = read_events(path)
    valid: Events = events[events["ev"] & AT_EXCHANGE != 0]
    return valid


def _begins_message(events: Events, is_trade: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which events begin a message: each trade, and book updates of another moment."""
    begins = np.ones(len(events), np.bool_)
    same = np.ones(max(len(events) - 1, 0), np.bool_)
    for name in ("exch_ts", "local_ts"):
        same &= events[name][1:] == events[name][:-1]
    begins[1:] = is_trade[1:] | is_trade[:-1] | ~same
    return begins
