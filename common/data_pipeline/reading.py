"""Reading what a manifest names: whole, month by month, or column by column."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from common.data_pipeline.arrays import to_numpy
from common.data_pipeline.hashing import dataset_hash
from common.data_pipeline.layouts import LAYOUTS, Layout
from common.data_pipeline.manifest import Manifest, Partition
from common.data_pipeline.partitions import read_partition
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.timeframe import Timeframe

if TYPE_CHECKING:
    import pyarrow as pa

_BAR_COLUMNS: Final = ("open_ns", *PRICE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one state of a series with times in `[start_ns, end_ns)`.

    Parameters
    ----------
    folder
        The series' folder.
    manifest
        The state that is read, whatever is committed meanwhile.
    start_ns, end_ns
        Nanoseconds since 1970 UTC; None is unbounded.
    """

    folder: Path
    manifest: Manifest
    start_ns: int | None = None
    end_ns: int | None = None

    def partitions(self) -> tuple[Partition, ...]:
        """Return the data files that can hold rows of the selection."""
        return self.manifest.overlapping(self.start_ns, self.end_ns)

    def tables(self) -> Iterator["pa.Table"]:
        """Yield the rows month by month, oldest first."""
        for partition in self.partitions():
            yield self._read(partition)[self._rows(partition)]

    def hash(self) -> str:
        """Return the dataset hash; reads one column of one month at a time."""
        rows = [(partition, self._rows(partition)) for partition in self.partitions()]

        def read(name: str) -> Iterator["pa.Array"]:
            for partition, inside in rows:
                yield from self._read(partition, name).column(0)[inside].chunks

        return dataset_hash(self.manifest.key, read)

    @property
    def _layout(self) -> Layout:
        return LAYOUTS[self.manifest.key.kind]

    def _read(self, partition: Partition, *columns: str) -> "pa.Table":
        return read_partition(self.folder / partition.file, partition, self._layout, *columns)

    def _rows(self, partition: Partition) -> slice:
        start_ns = partition.first_ns if self.start_ns is None else self.start_ns
        end_ns = partition.last_ns + 1 if self.end_ns is None else self.end_ns
        if start_ns <= partition.first_ns and partition.last_ns < end_ns:
            return slice(0, partition.rows)
        times = to_numpy(self._read(partition, self._layout.time).column(0))
        first, stop = np.searchsorted(times, [start_ns, end_ns])
        return slice(int(first), int(stop))


def to_bars(tables: Iterator["pa.Table"], timeframe: Timeframe, capacity: int) -> Bars:
    """Copy tables of bars, oldest first, into the columns of one `Bars`.

    Parameters
    ----------
    tables
        Rows with the columns of the layout of bars.
    timeframe
        Length of the bars.
    capacity
        At least as many as there are rows.
    """
    times = np.empty(capacity, np.int64)
    prices = [np.empty(capacity, np.float64) for _ in PRICE_COLUMNS]
    count = 0
    for table in tables:
        for name, target in zip(_BAR_COLUMNS, (times, *prices), strict=True):
            offset = count
            for chunk in table.column(name).chunks:
                target[offset : offset + len(chunk)] = to_numpy(chunk)
                offset += len(chunk)
        count += len(table)
    return Bars(timeframe, times[:count], *(column[:count] for column in prices))
