"""Round trips: from flat to flat, put together from fills."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars
from common.domain.fills import Fills
from portfolio.metrics.excursions import excursions
from portfolio.metrics.legs import Legs, split

ROUND_TRIP_DTYPE: Final = np.dtype([
    ("entry_ns", np.int64),  # time of the first fill
    ("exit_ns", np.int64),  # time of the last fill
    ("side", np.int8),  # OrderSide of the entry: +1 long, -1 short
    ("entry_price", np.float64),  # mean over the entering fills, weighted by quantity
    ("exit_price", np.float64),  # mean over the leaving fills, weighted by quantity
    ("quantity", np.float64),  # sum of the entering quantities, base currency, > 0
    ("max_quantity", np.float64),  # largest held at one time, base currency, > 0
    ("fees", np.float64),  # quote currency, > 0 is paid
    ("net_pnl", np.float64),  # quote currency, after fees, before funding
    ("mae", np.float64),  # maximum adverse excursion, fraction of the entry notional, >= 0
    ("mfe", np.float64),  # maximum favourable excursion, fraction of the entry notional, >= 0
])


@dataclass(frozen=True, eq=False, slots=True)
class RoundTrips:
    """Round trips in the order of their entries.

    Parameters
    ----------
    closed : structured array of ROUND_TRIP_DTYPE, shape (n_round_trips,)
        Those that ended flat.
    open : structured array of ROUND_TRIP_DTYPE, shape (0,) or (1,)
        The one still held at the end, as if it had left at the last close without a fee:
        `exit_ns` is the time of that close.
    open_quantity
        Signed position of the open one, base currency; zero if there is none.
    """

    closed: NDArray[np.void]
    open: NDArray[np.void]
    open_quantity: float


def round_trips(fills: Fills, *, lot: float, bars: Bars) -> RoundTrips:
    """Put fills together to round trips.

    Parameters
    ----------
    fills : structured array of FILL_DTYPE, shape (n_fills,)
        Executions in time order, beginning flat.
    lot
        Smallest step of a quantity, base currency, > 0: a position within half of it is flat.
    bars
        The bars of the period, in which every fill must lie; excursions are read from them,
        and an open round trip is marked at the last close.

    Raises
    ------
    InvalidInput
        If the fills are not executions in time order, or one lies outside the bars.

    Notes
    -----
    A round trip begins with the fill that leaves zero and ends with the one that returns to it;
    entries and exits in between scale it. A fill through zero ends one and begins the next, its
    fee shared by quantity. The net PnL of all, the open one included, is the change of equity,
    apart from funding.

    Examples
    --------
    Bought one at 100 and one at 110, sold both at 120, a fee of 1 each time:

    >>> from common.domain.fills import FILL_DTYPE
    >>> from common.domain.timeframe import Timeframe
    >>> opens = np.arange(3) * Timeframe.H1.nanoseconds
    >>> bars = Bars(Timeframe.H1, opens, *np.full((5, 3), 100.0))
    >>> fills = np.zeros(3, FILL_DTYPE)
    >>> fills["ts_ns"], fills["side"], fills["fee"] = opens, (1, 1, -1), 1.0
    >>> fills["price"], fills["quantity"] = (100.0, 110.0, 120.0), (1.0, 1.0, 2.0)
    >>> trip = round_trips(fills, lot=0.1, bars=bars).closed[0]
    >>> float(trip["entry_price"]), float(trip["quantity"]), float(trip["net_pnl"])
    (105.0, 2.0, 27.0)
    """
    legs = split(fills, lot=lot, bars=bars)
    trips = _measure(legs, bars)
    closed = len(trips) - (legs.open_quantity != 0)
    return RoundTrips(trips[:closed], trips[closed:], legs.open_quantity)


def _measure(legs: Legs, bars: Bars) -> NDArray[np.void]:
    trips = np.zeros(len(legs.starts), ROUND_TRIP_DTYPE)
    if not len(trips):
        return trips
    side = np.sign(legs.held[legs.starts])
    entering = legs.change * np.repeat(side, np.diff(legs.starts, append=len(legs.held))) > 0
    quantity = np.abs(legs.change)
    notional = quantity * legs.price
    entered = legs.per_trip(np.where(entering, quantity, 0.0))
    paid = legs.per_trip(np.where(entering, notional, 0.0))

    trips["entry_ns"] = legs.ts_ns[legs.starts]
    trips["exit_ns"] = legs.ts_ns[legs.ends]
    trips["side"] = side
    trips["entry_price"] = paid / entered
    trips["exit_price"] = legs.per_trip(np.where(entering, 0.0, notional)) / legs.per_trip(
        np.where(entering, 0.0, quantity)
    )
    trips["quantity"] = entered
    trips["max_quantity"] = np.maximum.reduceat(np.abs(legs.held), legs.starts)
    trips["fees"] = legs.per_trip(legs.fee)
    trips["net_pnl"] = legs.per_trip(-legs.change * legs.price) - trips["fees"]
    trips["mae"], trips["mfe"] = excursions(legs, notional=paid, bars=bars)
    return trips
