"""Events as they were received, before any correction, and what a recording has to tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.event_facts import Fault
from common.domain.bars import Times

MESSAGE_DTYPE: Final = np.dtype([
    ("ev", np.uint64),  # kind and side, as in `common.domain.events`, without validity
    ("exch_ts", np.int64),  # time at the exchange, nanoseconds since 1970 UTC
    ("local_ts", np.int64),  # time of receipt by the receiver's own clock
    ("px", np.float64),
    ("qty", np.float64),
])

type Messages = NDArray[np.void]


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Some events of a recording, in its own order.

    Parameters
    ----------
    path
        The file they stand in.
    rows : ndarray of MESSAGE_DTYPE, shape (n_rows,)
        The events.
    lines : ndarray of int64, shape (n_rows,)
        Where each stands in the file, counted from 1.
    unit
        What `lines` counts, "line" or "row".
    """

    path: Path
    rows: Messages
    lines: Times
    unit: str = "line"


@dataclass(frozen=True, slots=True)
class Tale:
    """What is known of a recording once it is read to its end.

    Parameters
    ----------
    duplicates
        Messages left out because they repeat an earlier one exactly.
    faults
        What is wrong with it, short of refusing it.
    gap_times_ns : ndarray of int64
        Each time at which book updates are missing, exchange's clock, oldest first.
    first_update_after, last_update
        Number of the book update that the first one follows, and of the last one; None
        where the format numbers none.
    ignored
        How many messages of each other kind it holds.
    """

    duplicates: int
    faults: tuple[Fault, ...]
    gap_times_ns: Times
    first_update_after: int | None
    last_update: int | None
    ignored: dict[str, int]


class Recording(Protocol):
    """A file of events in a known format."""

    def batches(self) -> Iterator[Batch]:
        """Yield the events in the recording's own order; can be asked once."""

    def tale(self) -> Tale:
        """Return what is known after the last batch."""
