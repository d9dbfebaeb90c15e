"""A batch of rows as a file holds them, before their columns are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.data_pipeline.importers.exceptions import UnusableFile
from common.domain.bars import Times

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Columns of some rows of a file, under our names.

    Parameters
    ----------
    path
        The file.
    columns
        Arrow arrays of equal length; text where the file is text and for times.
    lines : ndarray of int64, shape (n_rows,)
        Where each row stands in the file, counted from 1.
    unit
        What `lines` counts, "line" or "row".
    """

    path: Path
    columns: Mapping[str, "pa.Array"]
    lines: Times
    unit: str

    def __len__(self) -> int:
        return len(self.lines)

    def error(self, kind: type[UnusableFile], row: int, problem: str) -> UnusableFile:
        """Return the error for what is wrong with a row of this batch, counted from 0."""
        return kind(self.path, problem, line=int(self.lines[row]), unit=self.unit)
