"""Fills to compare, the terms they were made on, and what counts as equal."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars
from common.domain.enums import FillReason
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FundingEntries, no_funding
from research.engines.book import keep_book

PRICE_TOLERANCE: Final = 1e-9
TOLERANCE: Final = 1e-6
# Quantities that are a lot apart differ by a little more in floats.
_ONE_LOT: Final = 1 + 5e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one engine did.

    Parameters
    ----------
    name
        The engine.
    fills : structured array of FILL_DTYPE
        In time order.
    funding : structured array of FUNDING_DTYPE
        In time order.
    """

    name: str
    fills: Fills
    funding: FundingEntries = field(default_factory=no_funding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What both engines were given.

    Parameters
    ----------
    bars
        The period, at whose last close positions are marked.
    cash
        Starting cash, quote currency.
    lot, tick, min_notional
        Sizes of the instrument; None where it states none.
    by_equity
        Whether a target means a part of equity, so that a difference in equity makes
        one in every later quantity.
    """

    bars: Bars
    cash: float
    lot: Decimal
    tick: Decimal | None = None
    min_notional: Decimal | None = None
    by_equity: bool = True

    def final_equity(self, facts: Facts) -> float:
        """Return the equity at the last close, from fills and funding alone."""
        book = keep_book(
            fills=facts.fills,
            bars=self.bars,
            cash=self.cash,
            lot=float(self.lot),
            funding=facts.funding,
        )
        return float(book.equity[-1])

    def same_price(self, a: float, b: float) -> bool:
        """Return whether two prices are a tick apart at most, or 1e-9 where none is stated."""
        # A tick is a difference of two decimals, which floats hold to a few parts in 1e16.
        tick = 0.0 if self.tick is None else float(self.tick) + 1e-12 * a
        return abs(b - a) <= max(tick, PRICE_TOLERANCE * a)

    def same_quantity(self, difference: float, size: float) -> bool:
        """Return whether a difference is within a lot, or a millionth of the size."""
        return abs(difference) <= max(float(self.lot) * _ONE_LOT, TOLERANCE * size)

    def same_money(self, difference: float, amount: float) -> bool:
        """Return whether a difference is within a millionth of an amount, or next to nothing."""
        return abs(difference) <= max(TOLERANCE * abs(amount), 1e-12 * self.cash)


def merge_fills(fills: Fills) -> Fills:
    """Return fills with those of equal time, side and price added up.

    Examples
    --------
    >>> halves = np.zeros(2, FILL_DTYPE)
    >>> halves["price"], halves["quantity"], halves["fee"], halves["side"] = 100, 0.5, 0.25, 1
    >>> merged = merge_fills(halves)
    >>> merged["quantity"].tolist(), merged["fee"].tolist()
    ([1.0], [0.5])
    """
    if not len(fills):
        return fills
    keys = np.stack([fills["ts_ns"], fills["side"], fills["price"].view(np.int64)])
    # Stable, so that fills of one time stay in the order in which they were made.
    order = np.lexsort((keys[2], keys[1], keys[0]))
    new = np.concatenate([[True], (np.diff(keys[:, order]) != 0).any(axis=0)])
    starts = np.flatnonzero(new)
    first = np.minimum.reduceat(order, starts)
    merged = fills[first].astype(FILL_DTYPE)
    for name in ("quantity", "fee"):
        merged[name] = np.add.reduceat(fills[name][order], starts)
    ordered: Fills = merged[np.argsort(first, kind="stable")]
    return ordered


def is_stop(fills: Fills) -> NDArray[np.bool_]:
    """Return which fills a stop made."""
    stops: NDArray[np.bool_] = fills["reason"] != FillReason.TARGET
    return stops
