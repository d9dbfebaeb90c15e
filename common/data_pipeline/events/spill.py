"""Events of one import, sorted on disk by when they happened: memory holds a few minutes."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from common.data_pipeline.durable import disk_errors
from common.data_pipeline.events.messages import MESSAGE_DTYPE, Messages
from common.data_pipeline.events.ordering import Part
from common.domain.time import NANOSECONDS

_STRETCH_NS: Final = 300 * NANOSECONDS
_NEVER: Final = np.iinfo(np.int64).max
_SPILLED: Final = np.dtype([("place", np.int64), ("row", MESSAGE_DTYPE)])


class EventSpill:
    """A folder with a file for each five minutes, its events in the order they came.

    Notes
    -----
    Nothing is synced: after a crash it is thrown away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest = hashlib.sha256()
        self._earliest_receipt: dict[int, int] = {}
        self.count = 0
        self.first_ns = _NEVER
        self.last_ns = 0
        self.least_latency_ns = _NEVER
        self.greatest_latency_ns = -_NEVER

    @property
    def hash(self) -> str:
        """SHA-256 of all events as they came, hex."""
        return self._digest.hexdigest()

    @property
    def first_local_ns(self) -> int:
        """The earliest time of receipt."""
        return min(self._earliest_receipt.values())

    def add(self, rows: Messages) -> None:
        """Append events, at least one.

        Raises
        ------
        StoreUnavailable
            If the disk refuses.
        """
        self._digest.update(np.ascontiguousarray(rows).view(np.uint8).data)
        latencies = rows["local_ts"] - rows["exch_ts"]
        self.least_latency_ns = min(self.least_latency_ns, int(latencies.min()))
        self.greatest_latency_ns = max(self.greatest_latency_ns, int(latencies.max()))
        self.first_ns = min(self.first_ns, int(rows["exch_ts"].min()))
        self.last_ns = max(self.last_ns, int(rows["exch_ts"].max()))
        spilled = np.empty(len(rows), _SPILLED)
        spilled["place"] = np.arange(self.count, self.count + len(rows))
        spilled["row"] = rows
        self.count += len(rows)
        stretches = rows["exch_ts"] // _STRETCH_NS
        by_stretch = np.argsort(stretches, kind="stable")
        cuts = np.flatnonzero(np.diff(stretches[by_stretch])) + 1
        for places in np.split(by_stretch, cuts):
            part, stretch = spilled[places], int(stretches[places[0]])
            earliest = int(part["row"]["local_ts"].min())
            self._earliest_receipt[stretch] = min(
                earliest, self._earliest_receipt.get(stretch, earliest)
            )
            with disk_errors(self._folder), self._path(stretch).open("ab") as file:
                part.tofile(file)

    def parts(self, clock_offset_ns: int) -> Iterator[Part]:
        """Yield the events by five minutes, oldest first, and drop them from the disk.

        Parameters
        ----------
        clock_offset_ns
            What is added to every time of receipt.

        Raises
        ------
        StoreUnavailable
            If the disk refuses.
        """
        stretches = sorted(self._earliest_receipt)
        later = [_NEVER]
        for stretch in stretches[:0:-1]:
            later.append(min(later[-1], self._earliest_receipt[stretch] + clock_offset_ns))
        for stretch, next_local_ns in zip(stretches, reversed(later), strict=True):
            with disk_errors(self._folder):
                spilled = np.fromfile(self._path(stretch), _SPILLED)
                self._path(stretch).unlink()
            rows = spilled["row"].copy()
            rows["local_ts"] += clock_offset_ns
            yield Part(rows, spilled["place"].copy(), next_local_ns)

    def _path(self, stretch: int) -> Path:
        return self._folder / f"{stretch}.messages"
