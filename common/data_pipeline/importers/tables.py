"""Tables in binary form: Feather (Arrow IPC) and Parquet files, batch by batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import FileDamaged
from common.data_pipeline.importers.layouts import FileLayout, unknown_layout

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

_BATCH_ROWS: Final = 65_536
_BUFFER_BYTES: Final = 1 << 20


class TableSource:
    """A file with named, typed columns."""

    def __init__(self, path: Path, table: "Table", layouts: Sequence[FileLayout]) -> None:
        found = ((layout, layout.find(table.names)) for layout in layouts)
        fitting = next(((layout, places) for layout, places in found if places), None)
        if fitting is None:
            raise unknown_layout(path, table.names, layouts)
        self.layout, self._places = fitting
        self._path = path
        self._table = table

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in the file's order, some ten thousands at a time.

        Raises
        ------
        FileDamaged
            If the file's contents contradict its description.
        """
        first_row = 1
        names = [self._table.names[place] for place in self._places.values()]
        for records in self._table.read(sorted(set(names), key=self._table.names.index)):
            lines = np.arange(first_row, first_row + records.num_rows, dtype=np.int64)
            columns = {
                ours: records.column(name) for ours, name in zip(self._places, names, strict=True)
            }
            yield Batch(self._path, columns, lines, "row")
            first_row += records.num_rows


class Table(Protocol):
    """A file of a binary format, opened."""

    @property
    def names(self) -> Sequence[str]:
        """Names of all columns."""

    def read(self, names: Sequence[str]) -> Iterator["pa.RecordBatch"]:
        """Yield the named columns, batch by batch."""


class FeatherTable:
    """A Feather file of version 2, which is an Arrow IPC file; compressed or not."""

    def __init__(self, path: Path) -> None:
        from pyarrow import ipc

        self._path = path
        with _foreign_errors(path), self._open() as source:
            self.names: list[str] = ipc.open_file(source).schema.names

    def read(self, names: Sequence[str]) -> Iterator["pa.RecordBatch"]:
        """Yield the named columns, batch by batch."""
        from pyarrow import ipc

        wanted = [self.names.index(name) for name in names]
        options = ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        with _foreign_errors(self._path), self._open() as source:
            reader = ipc.open_file(source, options=options)
            for number in range(reader.num_record_batches):
                records = reader.get_batch(number)
                records.validate()
                for start in range(0, records.num_rows, _BATCH_ROWS):
                    yield records.slice(start, _BATCH_ROWS)

    def _open(self) -> "pa.OSFile":
        import pyarrow as pa

        # Not mapped: a file that shrinks while it is mapped ends the process.
        return pa.OSFile(str(self._path), "rb")


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _foreign_errors(path), self._open() as file:
            self.names: list[str] = file.schema_arrow.names

    def read(self, names: Sequence[str]) -> Iterator["pa.RecordBatch"]:
        """Yield the named columns, batch by batch."""
        with _foreign_errors(self._path), self._open() as file:
            yield from file.iter_batches(_BATCH_ROWS, columns=list(names), use_threads=False)

    def _open(self) -> "parquet.ParquetFile":
        from pyarrow import parquet

        # Read through a buffer, a row group is never held whole: some files have but one.
        return parquet.ParquetFile(self._path, buffer_size=_BUFFER_BYTES, pre_buffer=False)


@contextmanager
def _foreign_errors(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    # Arrow decodes the names of columns, and what is damaged there is not UTF-8.
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        raise FileDamaged(path, f"is cut off or damaged: {e}") from e
