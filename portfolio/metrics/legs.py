"""Fills cut where they pass through zero, grouped flat to flat and marked at the last close."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats, Times
from common.domain.fills import Fills
from portfolio.metrics.positions import bar_positions, held_after


@dataclass(frozen=True, eq=False, slots=True)
class Legs:
    """Parts of fills, each within one round trip, in time order.

    Parameters
    ----------
    ts_ns : ndarray of int64, shape (n_legs,)
        Time of execution.
    bar : ndarray of intp, shape (n_legs,)
        Position of the bar it falls in; the number of bars for the final mark.
    change, price, fee, held : ndarray of float64, shape (n_legs,)
        Signed quantity, price, share of the fee, and signed position afterwards.
    starts : ndarray of intp, shape (n_round_trips,)
        Position of the first leg of each round trip.
    open_quantity
        Signed position at the end. Unless it is zero the last round trip is open, and its last
        leg is no fill but the mark: all of it given back at the last close, without a fee.
    """

    ts_ns: Times
    bar: NDArray[np.intp]
    change: Floats
    price: Floats
    fee: Floats
    held: Floats
    starts: NDArray[np.intp]
    open_quantity: float

    @property
    def ends(self) -> NDArray[np.intp]:
        """Position of the last leg of each round trip, shape (n_round_trips,)."""
        return np.append(self.starts[1:], len(self.held))[: len(self.starts)] - 1

    def per_trip(self, values: Floats) -> Floats:
        """Sum values of the legs over each round trip."""
        return np.add.reduceat(values, self.starts) if len(self.starts) else values[:0]


def split(fills: Fills, *, lot: float, bars: Bars) -> Legs:
    """Cut fills into the legs of round trips.

    Parameters
    ----------
    fills : structured array of FILL_DTYPE, shape (n_fills,)
        Executions in time order.
    lot
        Smallest step of a quantity, base currency, > 0.
    bars
        The bars of the period, in which every fill must lie.

    Raises
    ------
    InvalidInput
        As `held_after` and `bar_positions` do.

    Notes
    -----
    A fill that turns the position around becomes two legs of one time and price, the first
    bringing it to zero, and its fee is shared in proportion to their quantities. A fill of
    half a lot or less while flat opens nothing and is in no round trip.

    Examples
    --------
    Bought one at 100, sold three: a round trip, then a short of two, marked at the close of 90.

    >>> from common.domain.fills import FILL_DTYPE
    >>> from common.domain.timeframe import Timeframe
    >>> bars = Bars(Timeframe.H1, np.array([0]), *np.full((5, 1), 90.0))
    >>> fills = np.zeros(2, FILL_DTYPE)
    >>> fills["side"], fills["price"], fills["quantity"] = (1, -1), 100.0, (1.0, 3.0)
    >>> fills["fee"] = 0.3
    >>> legs = split(fills, lot=0.1, bars=bars)
    >>> legs.change.tolist(), legs.fee.round(12).tolist()
    ([1.0, -1.0, -2.0, 2.0], [0.3, 0.1, 0.2, 0.0])
    >>> legs.starts.tolist(), legs.open_quantity
    ([0, 2], -2.0)
    """
    held = held_after(fills, lot=lot)
    before = np.concatenate([[0.0], held])[:-1]
    turns = before * held < 0
    source = np.repeat(np.arange(len(fills)), 1 + turns)
    second = np.diff(source, prepend=-1) == 0
    first = turns[source] & ~second

    quantity = fills["quantity"][source]
    closing = np.abs(before)[source]
    part = np.where(first, closing, np.where(second, quantity - closing, quantity))
    began = np.where(second, 0.0, before[source])
    after = np.where(first, 0.0, held[source])

    kept = (began != 0) | (after != 0)
    source, after = source[kept], after[kept]
    open_quantity = float(held[-1]) if len(held) else 0.0
    mark = bars.close[-1:] if open_quantity else bars.close[:0]
    end_ns = bars.open_ns[-1:] + bars.timeframe.nanoseconds
    nothing = np.zeros(len(mark))
    return Legs(
        ts_ns=np.append(fills["ts_ns"][source], end_ns[: len(mark)]),
        bar=np.append(
            bar_positions(fills["ts_ns"], bars=bars)[source], np.full(len(mark), len(bars))
        ),
        change=np.append((fills["side"][source] * part[kept]), nothing - open_quantity),
        price=np.append(fills["price"][source], mark),
        fee=np.append(fills["fee"][source] * (part / quantity)[kept], nothing),
        held=np.append(after, nothing),
        starts=np.flatnonzero(began[kept] == 0),
        open_quantity=open_quantity,
    )
