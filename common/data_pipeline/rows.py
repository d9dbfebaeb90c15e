"""Rows of bars as a file gave them, before they are checked, sorted and stored."""

from dataclasses import dataclass

import numpy as np

from common.domain.bars import PRICE_COLUMNS, Bars, Floats, Times


@dataclass(frozen=True, eq=False, slots=True)
class BarRows:
    """A batch of rows in the file's own order, possibly repeated or disordered.

    Parameters
    ----------
    open_ns : ndarray of int64, shape (n_rows,)
        Open times, nanoseconds since 1970 UTC.
    open, high, low, close, volume : ndarray of float64, shape (n_rows,)
        Prices in the quote currency; traded quantity as the publisher counts it.
    lines : ndarray of int64, shape (n_rows,)
        Where each row stands in its file, for messages: the line of a text file counted
        from 1, the row of a table counted from 1.
    """

    open_ns: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    lines: Times

    @classmethod
    def of(cls, bars: Bars) -> "BarRows":
        """Return bars that come from no file, numbered from 1."""
        columns = {name: getattr(bars, name) for name in ("open_ns", *PRICE_COLUMNS)}
        return cls(**columns, lines=np.arange(1, len(bars) + 1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.open_ns)
