"""The size of an order, from the account as it is when a bar has closed."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from research.engines.hftbacktest.caching import compiled
from research.engines.hftbacktest.desk import (
    FREE,
    Desk,
    cash_now,
    held_lots,
    lots_of,
    quantity_of,
)

# Place in the cursor; the loop has the others.
SKIPPED: Final = FREE + 4  # orders below the minimum notional
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
def size_order(desk: Desk, decisions: Decisions, at: int) -> int:
    """Return the signed lots that a decision asks for, 0 if they are too few, which is noted."""
    cursor = desk.cursor
    wanted, held = _wanted_lots(desk, decisions, at), held_lots(desk)
    lots = _toward_zero(wanted - held, max(abs(wanted), float(abs(held))))
    value = quantity_of(desk.terms, abs(lots)) * decisions.close[at]
    small = value < decisions.min_notional * (1 - 1e-12)
    # An order that closes the position is exempt; less than a lot is no order at all.
    if lots != 0 and small and decisions.target[at] != 0.0:
        decisions.skipped_ns[cursor[SKIPPED]] = decisions.close_ns[at]
        cursor[SKIPPED] += 1
        return 0
    return lots
