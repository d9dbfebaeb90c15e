"""The account as its fills alone make it: cash, position and equity at each close."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.fills import Fills
from common.domain.funding import FundingEntries, no_funding

_NOISE: Final = 1e-12  # relative to the largest position so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Cash and position recomputed from fills and funding.

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


def keep_book(
    *, fills: Fills, bars: Bars, cash: float, lot: float, funding: FundingEntries | None = None
) -> Book:
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
    funding
        What the position paid or received, in time order; None is nothing.

    Notes
    -----
    cash = start - Σ side·price·quantity - Σ fee + Σ funding; quantity = Σ side·quantity;
    equity(t) = cash(t) + quantity(t)·close(t), where everything before the close counts.

    Sums are kept in extended precision: where an account has lost nearly all, what
    rounding leaves of the money that went through it is not small against the rest.
    """
    entries = no_funding() if funding is None else funding
    signed = fills["side"] * fills["quantity"]
    change = -signed * fills["price"].astype(np.longdouble) - fills["fee"]
    after_fills = np.cumsum(np.concatenate([[np.longdouble(cash)], change]))
    received = np.cumsum(np.concatenate([[np.longdouble(0)], entries["amount"]]))
    quantity_after = np.cumsum(np.concatenate([[0.0], signed]))
    # 0.1 + 0.2 - 0.3 is 6e-17: the noise of adding floats must not look like a position.
    size = np.abs(quantity_after)
    quantity_after[size < np.maximum(lot / 2, _NOISE * np.maximum.accumulate(size))] = 0.0
    # Funding at the moment of a fill is that of the position before it.
    funded = np.searchsorted(entries["ts_ns"], fills["ts_ns"], side="right")
    closes_ns = bars.open_ns + bars.timeframe.nanoseconds
    done = np.searchsorted(fills["ts_ns"], closes_ns, side="left")
    left = after_fills[done] + received[np.searchsorted(entries["ts_ns"], closes_ns, side="left")]
    held = quantity_after[done]
    return Book(
        cash_after=(after_fills[1:] + received[funded]).astype(np.float64),
        quantity_after=quantity_after[1:],
        cash=left.astype(np.float64),
        quantity=held,
        equity=(left + held * bars.close).astype(np.float64),
    )
