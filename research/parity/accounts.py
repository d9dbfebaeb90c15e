"""For each difference between two engines, the cash and the position it has made."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Floats
from research.parity.causes import Cause

_ROOM: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A quantity at a price and a fee a unit.

    Parameters
    ----------
    price, unit_fee
        Quote currency a unit of the base currency.
    side
        Sign of the order whose fee it is: a smaller order saves some.
    """

    price: float
    unit_fee: float
    side: int

    def cash(self, quantity: Floats | float) -> Floats | float:
        """Return what the trade of a signed quantity changes in cash."""
        return -quantity * (self.price + self.side * self.unit_fee)


@dataclass(slots=True)
class Entry:
    """One difference, or all further ones of a cause."""

    cause: Cause
    ts_ns: int
    side: int
    round_trip: int
    count: int = 1


class DifferenceAccounts:
    """The account of the second engine less that of the first, split by what made it.

    The parts add up to the whole at any time, because every difference in a trade is
    booked to some of them and nothing else is booked.

    Parameters
    ----------
    most
        Differences of one cause that get an account of their own; further ones share one.
    """

    def __init__(self, most: int) -> None:
        self.entries = [Entry(Cause.WITHIN_TOLERANCE, 0, 0, 0, count=0)]
        self._cash: Floats = np.zeros(_ROOM)
        self._quantity: Floats = np.zeros(_ROOM)
        self._most = most
        self._of_cause: dict[Cause, list[int]] = {}

    def open(self, entry: Entry) -> int:
        """Return the number of the account of a new difference."""
        numbers = self._of_cause.setdefault(entry.cause, [])
        if len(numbers) > self._most:
            self.entries[numbers[-1]].count += 1
            return numbers[-1]
        if len(self.entries) == len(self._cash):
            self._cash, self._quantity = (
                np.concatenate([each, np.zeros(len(each))])
                for each in (self._cash, self._quantity)
            )
        self.entries.append(entry)
        numbers.append(len(self.entries) - 1)
        return numbers[-1]

    @property
    def cash(self) -> Floats:
        """Difference in cash by account, quote currency."""
        return self._cash[: len(self.entries)]

    @property
    def quantity(self) -> Floats:
        """Difference in position by account, base currency, signed."""
        return self._quantity[: len(self.entries)]

    def pay(self, number: int, amount: float) -> None:
        """Book cash to one account."""
        self._cash[number] += amount

    def pay_each(self, amounts: Floats) -> None:
        """Book cash to every account."""
        self.cash[:] += amounts

    def trade(self, number: int, quantity: float, trade: Trade) -> None:
        """Book a trade to one account."""
        self._quantity[number] += quantity
        self._cash[number] += trade.cash(quantity)

    def trade_each(self, quantities: Floats, trade: Trade) -> None:
        """Book a trade to every account."""
        self.quantity[:] += quantities
        self.cash[:] += trade.cash(quantities)


def explained(expected: Floats, found: float) -> Floats:
    """Return the parts of a difference that earlier differences explain.

    Parameters
    ----------
    expected : ndarray of float64, shape (n_accounts,)
        What each earlier difference would make now.
    found
        The difference there is.

    Returns
    -------
    ndarray of float64, shape (n_accounts,)
        Never more than was found, and nothing if it has the other sign.

    Examples
    --------
    >>> explained(np.array([1.0, 3.0]), 2.0).tolist()
    [0.5, 1.5]
    >>> explained(np.array([1.0, 3.0]), 9.0).tolist()
    [1.0, 3.0]
    >>> explained(np.array([1.0, 3.0]), -2.0).tolist()
    [0.0, 0.0]
    """
    total = float(expected.sum())
    if total == 0.0 or found == 0.0:
        return np.zeros_like(expected)
    parts: Floats = expected * min(max(found / total, 0.0), 1.0)
    return parts
