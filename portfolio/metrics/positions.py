"""What is held after each fill, and the bar in which a fill falls."""

from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats, Times
from common.domain.errors import InvalidInput
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.time import format_utc

# Quantities of 1e9 and more carry float64 rounding above the finest lots: what is left of a
# position after a fill is rounding if it is this small a part of the fill.
_RELATIVE_DUST: Final = 1e-12


def held_after(fills: Fills, *, lot: float) -> Floats:
    """Return the signed position after each fill.

    Parameters
    ----------
    fills : structured array of FILL_DTYPE, shape (n_fills,)
        Executions in time order; the position before the first is zero.
    lot
        Smallest step of a quantity, base currency, > 0.

    Returns
    -------
    ndarray of float64, shape (n_fills,)
        Base currency, negative when short. A position within half a lot of zero, or within
        1e-12 of the fill that led to it, is exactly zero: dust ends there and adds to nothing.

    Raises
    ------
    InvalidInput
        If the lot is not positive, or the fills are not executions in time order.

    Examples
    --------
    >>> fills = np.zeros(3, FILL_DTYPE)
    >>> fills["side"], fills["price"], fills["quantity"] = (1, 1, -1), 100.0, (0.1, 0.2, 0.3)
    >>> 0.1 + 0.2 - 0.3 == 0.0
    False
    >>> held_after(fills, lot=0.1).round(12).tolist()
    [0.1, 0.3, 0.0]
    """
    if not lot > 0:
        raise InvalidInput(f"lot is {lot}, must be positive")
    _check(fills)
    half = lot / 2

    def settle(held: float, change: float) -> float:
        after = held + change
        return 0.0 if abs(after) <= max(half, _RELATIVE_DUST * abs(change)) else after

    changes = (fills["side"] * fills["quantity"]).tolist()
    # A loop over fills, since each position depends on whether the one before was dust.
    return np.fromiter(accumulate(changes, settle, initial=0.0), np.float64)[1:]


def bar_positions(times_ns: Times, *, bars: Bars) -> NDArray[np.intp]:
    """Return the position of the first bar that closes after each time.

    That is the bar the time falls in; a time in a hole of the series belongs to the bar after.

    Raises
    ------
    InvalidInput
        If a time lies before the first open or not before the last close.

    Examples
    --------
    >>> from common.domain.timeframe import Timeframe
    >>> opens = np.array([0, 3]) * Timeframe.H1.nanoseconds
    >>> bars = Bars(Timeframe.H1, opens, *np.ones((5, 2)))
    >>> bar_positions(opens, bars=bars).tolist()
    [0, 1]
    """
    at = np.searchsorted(bars.open_ns, times_ns - bars.timeframe.nanoseconds, side="right")
    outside = at == len(bars)
    if len(bars):
        outside |= times_ns < bars.open_ns[0]
    if outside.any():
        when = format_utc(times_ns[np.argmax(outside)])
        raise InvalidInput(f"the fill of {when} lies outside the {len(bars)} bars", time=when)
    return at


def _check(fills: Fills) -> None:
    if fills.dtype != FILL_DTYPE or fills.ndim != 1:
        raise InvalidInput(f"fills have type {fills.dtype} and shape {fills.shape}")
    faults = {
        "is earlier than the one before": np.diff(fills["ts_ns"], prepend=fills["ts_ns"][:1]) < 0,
        "has a side other than 1 and -1": np.abs(fills["side"]) != 1,
        "has a price that is not positive": ~_positive(fills["price"]),
        "has a quantity that is not positive": ~_positive(fills["quantity"]),
        "has a fee that is not finite": ~np.isfinite(fills["fee"]),
    }
    for fault, rows in faults.items():
        if rows.any():
            row = int(np.argmax(rows))
            raise InvalidInput(f"fill {row} {fault}: {fills[row]}", row=row)


def _positive(values: Floats) -> NDArray[np.bool_]:
    return np.isfinite(values) & (values > 0)
