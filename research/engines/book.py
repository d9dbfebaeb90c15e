"""The account as its fills alone make it: cash, position and equity at each close."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.fills import Fills

_NOISE: Final = 1e-12  # relative to the largest position so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Cash and position recomputed from fills.

    Parameters
    ----------
    cash_after, quantity_after : ndarray of float64, shape (n_fills,)
        Cash and signed position after each fill.
    cash, quantity, equity : ndarray of float64, shape (n_bars,)
        Cash, signed position and their sum at each close.
    """

    cash_after: Floats
    quantity_after: Floats
    cash: Floats
    quantity: Floats
    equity: Floats


def keep_book(*, fills: Fills, bars: Bars, cash: float, lot: float) -> Book:
    """Return the account that starts with `cash` and holds nothing.

    Parameters
    ----------
    fills
        In time order.
    bars
        The period, at whose closes the position is marked.
    cash
        Starting cash, quote currency.
    lot
        Smallest quantity, base currency; less than half of it is no position.

    Notes
    -----
    cash = start - Σ side·price·quantity - Σ fee; quantity = Σ side·quantity;
    equity(t) = cash(t) + quantity(t)·close(t), where a bar's own fills are counted.
    """
    signed = fills["side"] * fills["quantity"]
    cash_after = np.cumsum(np.concatenate([[cash], -signed * fills["price"] - fills["fee"]]))
    quantity_after = np.cumsum(np.concatenate([[0.0], signed]))
    # 0.1 + 0.2 - 0.3 is 6e-17: the noise of adding floats must not look like a position.
    size = np.abs(quantity_after)
    quantity_after[size < np.maximum(lot / 2, _NOISE * np.maximum.accumulate(size))] = 0.0
    done = np.searchsorted(fills["ts_ns"], bars.open_ns, side="right")
    held, left = quantity_after[done], cash_after[done]
    return Book(
        cash_after=cash_after[1:],
        quantity_after=quantity_after[1:],
        cash=left,
        quantity=held,
        equity=left + held * bars.close,
    )
