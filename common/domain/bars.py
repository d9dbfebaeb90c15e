"""Bars of one instrument as columns, oldest first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.errors import InvalidInput
from common.domain.timeframe import Timeframe

type Floats = NDArray[np.float64]
type Times = NDArray[np.int64]

PRICE_COLUMNS: Final = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, eq=False, slots=True)
class Bars:
    """Closed bars, labelled by their open time, strictly increasing; missing bars are absent.

    Parameters
    ----------
    timeframe
        Length of every bar.
    open_ns : ndarray of int64, shape (n_bars,)
        Open times, nanoseconds since 1970 UTC.
    open, high, low, close : ndarray of float64, shape (n_bars,)
        Prices in the quote currency.
    volume : ndarray of float64, shape (n_bars,)
        Traded quantity as the publisher counts it, >= 0.

    Raises
    ------
    InvalidInput
        If a column has another shape or type, or the times do not increase.

    Notes
    -----
    The arrays are made read-only: a strategy or an engine cannot change the market.
    """

    timeframe: Timeframe
    open_ns: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        count = self.open_ns.shape
        if self.open_ns.dtype != np.int64 or len(count) != 1:
            raise InvalidInput(f"open_ns has type {self.open_ns.dtype} and shape {count}")
        for name in PRICE_COLUMNS:
            column: Floats = getattr(self, name)
            if column.dtype != np.float64 or column.shape != count:
                raise InvalidInput(
                    f"{name} has type {column.dtype} and shape {column.shape}, times {count}"
                )
            column.flags.writeable = False
        self.open_ns.flags.writeable = False
        steps = np.diff(self.open_ns)
        if steps.size and steps.min() <= 0:
            index = int(np.argmax(steps <= 0)) + 1
            raise InvalidInput(f"open_ns does not increase at row {index}", row=index)

    @classmethod
    def empty(cls, timeframe: Timeframe) -> "Bars":
        """Return no bars."""
        columns = [np.empty(0, np.float64) for _ in PRICE_COLUMNS]
        return cls(timeframe, np.empty(0, np.int64), *columns)

    def __len__(self) -> int:
        return len(self.open_ns)

    def rows(self, start: int, stop: int) -> "Bars":
        """Return the bars at positions `start` up to, not including, `stop`, as views."""
        cut = slice(start, stop)
        columns = [getattr(self, name)[cut] for name in PRICE_COLUMNS]
        return Bars(self.timeframe, self.open_ns[cut], *columns)

    def between(self, start_ns: int, end_ns: int) -> "Bars":
        """Return the bars that open in `[start_ns, end_ns)`, as views."""
        first, last = np.searchsorted(self.open_ns, [start_ns, end_ns])
        return self.rows(int(first), int(last))

    def joined(self, later: "Bars") -> "Bars":
        """Return these bars and later ones of the same timeframe as one.

        Raises
        ------
        InvalidInput
            If the other bars do not come after these.
        """
        columns = [
            np.concatenate([getattr(self, name), getattr(later, name)])
            for name in ("open_ns", *PRICE_COLUMNS)
        ]
        return Bars(self.timeframe, *columns)
