"""Funding of perpetuals: the rates a venue set, and what a position paid for them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from common.domain.errors import InvalidInput

FUNDING_DTYPE: Final = np.dtype([
    ("ts_ns", np.int64),  # time of funding, nanoseconds since 1970 UTC
    ("rate", np.float64),  # fraction of the notional; positive is paid by longs
    ("mark", np.float64),  # price the position was valued at, quote currency
    ("quantity", np.float64),  # signed position, base currency
    ("amount", np.float64),  # change of cash, quote currency: -quantity * mark * rate
])

type FundingEntries = NDArray[np.void]


def no_funding() -> FundingEntries:
    """Return an empty array of funding entries."""
    return np.empty(0, FUNDING_DTYPE)


@dataclass(frozen=True, eq=False, slots=True)
class FundingRates:
    """What a perpetual's holders paid and when, oldest first.

    Parameters
    ----------
    ts_ns : ndarray of int64, shape (n_rates,)
        Funding times, nanoseconds since 1970 UTC, strictly increasing.
    rate : ndarray of float64, shape (n_rates,)
        Fraction of the notional; positive is paid by longs to shorts.
    mark : ndarray of float64, shape (n_rates,)
        Mark price; NaN where none is stored.

    Raises
    ------
    InvalidInput
        If the shapes differ, a time does not increase, or a rate is not finite.
    """

    ts_ns: Times
    rate: Floats
    mark: Floats

    def __post_init__(self) -> None:
        if not self.ts_ns.shape == self.rate.shape == self.mark.shape:
            raise InvalidInput(
                f"funding times, rates and marks have shapes {self.ts_ns.shape},"
                f" {self.rate.shape} and {self.mark.shape}"
            )
        if (np.diff(self.ts_ns) <= 0).any():
            raise InvalidInput("funding times do not increase")
        if not np.isfinite(self.rate).all():
            row = int(np.argmin(np.isfinite(self.rate)))
            raise InvalidInput(f"funding rate {row} is {self.rate[row]}", row=row)

    def __len__(self) -> int:
        return len(self.ts_ns)
