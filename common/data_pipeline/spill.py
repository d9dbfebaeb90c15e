"""Rows of one import, sorted by month on disk: memory holds a batch, never the file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow, to_numpy
from common.data_pipeline.layouts import Layout
from common.data_pipeline.months import split_by_month

if TYPE_CHECKING:
    import pyarrow as pa


class Spill:
    """A folder with one file per month, each holding its rows in the order they came.

    Notes
    -----
    A file is a sequence of Arrow messages without a frame around them, so that rows of any
    month can be appended at any time (a file may be newest first, or in no order) without
    keeping a file open per month. Nothing is synced: after a crash it is thrown away.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder = folder
        self._time = layout.time
        self._schema = layout.staged_schema()
        self._months: set[str] = set()

    def add(self, batch: "pa.RecordBatch") -> None:
        """Append rows, at least one, with the columns of the layout's staged schema."""
        times: NDArray[np.int64] = to_numpy(batch.column(self._time))
        for month, rows in split_by_month(times):
            part = batch[rows] if isinstance(rows, slice) else batch.take(to_arrow(rows))
            self._months.add(month)
            with (self._folder / month).open("ab") as file:
                file.write(part.serialize())

    def months(self) -> list[str]:
        """Return the months that have rows, oldest first."""
        return sorted(self._months)

    def read(self, month: str) -> "pa.Table":
        """Return the rows of a month, mapped from disk, in the order they came."""
        import pyarrow as pa

        with pa.memory_map(str(self._folder / month)) as source:
            size, batches = source.size(), []
            while source.tell() < size:
                batches.append(pa.ipc.read_record_batch(pa.ipc.read_message(source), self._schema))
        return pa.Table.from_batches(batches, self._schema)

    def drop(self, month: str) -> None:
        """Give a month's disk space back."""
        (self._folder / month).unlink()
