"""Order-book events in files: the layout of one event, and which files make a period."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.errors import InvalidInput

type Events = NDArray[np.void]

# The layout, the name in the file and the numbers below are those of hftbacktest's data files
# (https://hftbacktest.readthedocs.io/en/latest/data.html), so that its readers open ours.
EVENT_DTYPE: Final = np.dtype([
    ("ev", np.uint64),  # kind of event, and flags: which side, and for whom it is valid
    ("exch_ts", np.int64),  # time at the exchange, nanoseconds since 1970 UTC
    ("local_ts", np.int64),  # time of receipt, nanoseconds since 1970 UTC, >= exch_ts
    ("px", np.float64),  # price, quote currency
    ("qty", np.float64),  # quantity: traded, or left at the price (0 = no level)
    ("order_id", np.uint64),  # 0 in a book by price
    ("ival", np.int64),  # not used, 0
    ("fval", np.float64),  # not used, 0
])
ARRAY_NAME: Final = "data"

KIND_MASK: Final = 0xFF
DEPTH: Final = 1
TRADE: Final = 2
DEPTH_CLEAR: Final = 3
DEPTH_SNAPSHOT: Final = 4
# A bid level or a trade whose taker bought; an ask level or a trade whose taker sold.
BUY: Final = 1 << 29
SELL: Final = 1 << 28
# Valid at `exch_ts` for the exchange's book; valid at `local_ts` for the receiver's.
AT_EXCHANGE: Final = 1 << 31
AT_LOCAL: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class EventFiles:
    """The event files of a period, oldest first, each with the array `data` of `EVENT_DTYPE`.

    Parameters
    ----------
    paths
        At least one `.npz` file. One after the other they are one ordered sequence: the
        times of the events valid at the exchange do not decrease, nor do those valid
        locally. The first may begin before `start_ns`, the last may end after `end_ns`.
    tick, lot
        Every price and quantity in the files is a multiple of these, > 0.
    start_ns, end_ns
        The period on the exchange's clock, `[start_ns, end_ns)`, nanoseconds since 1970 UTC.
    hash
        Dataset hash of the events in `paths`, hex.
    counts
        Events in each file, as the manifest says; empty if not known.
    snapshot
        A file of the same layout with the book before the first event of `paths[0]`;
        None if the recording begins there, or the book was empty.

    Raises
    ------
    InvalidInput
        If there is no file, a size is not positive, the period does not end after its start,
        or there are other than one count per file.
    """

    paths: tuple[Path, ...]
    tick: Decimal
    lot: Decimal
    start_ns: int
    end_ns: int
    hash: str
    counts: tuple[int, ...] = ()
    snapshot: Path | None = None

    def __post_init__(self) -> None:
        if not self.paths:
            raise InvalidInput("there is no event file")
        if self.tick <= 0 or self.lot <= 0:
            raise InvalidInput(f"tick is {self.tick} and lot {self.lot}, must be positive")
        if self.end_ns <= self.start_ns:
            raise InvalidInput(f"events end at {self.end_ns} ns, start at {self.start_ns} ns")
        if self.counts and len(self.counts) != len(self.paths):
            raise InvalidInput(f"{len(self.counts)} counts of {len(self.paths)} event files")

    @property
    def count(self) -> int:
        """How many events the files hold together, 0 if it is not known."""
        return sum(self.counts)
