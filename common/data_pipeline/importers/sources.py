"""Files as batches of rows: the format is told by the first bytes, the layout by the columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import FileDamaged, FileEmpty
from common.data_pipeline.importers.layouts import FileLayout
from common.data_pipeline.importers.streams import read_magic
from common.data_pipeline.importers.tables import FeatherTable, ParquetTable, TableSource
from common.data_pipeline.importers.text import TextSource

_FEATHER: Final = b"ARROW1"
_FEATHER_1: Final = b"FEA1"
_PARQUET: Final = b"PAR1"


class Source(Protocol):
    """A file whose layout is known."""

    @property
    def layout(self) -> FileLayout:
        """The layout that fits."""

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in the file's order."""


def open_source(path: Path, layouts: Sequence[FileLayout]) -> Source:
    """Find out what a file is.

    Raises
    ------
    FileMissing
        If it is not there or may not be read.
    FileEmpty
        If it has no bytes, or no line with anything in it.
    FileDamaged
        If it is cut off, or of a format that is not read.
    UnknownLayout
        If no layout fits; lists the columns found and the layouts known.
    """
    magic = read_magic(path)
    if not magic:
        raise FileEmpty(path, "is empty")
    if magic.startswith(_FEATHER_1):
        raise FileDamaged(path, "is Feather version 1; write it again as version 2")
    if magic.startswith(_FEATHER):
        return TableSource(path, FeatherTable(path), layouts)
    if magic.startswith(_PARQUET):
        return TableSource(path, ParquetTable(path), layouts)
    return TextSource(path, layouts)


def read_batches(source: Source, path: Path) -> Iterator[Batch]:
    """Yield the batches that have rows; a file without any is refused.

    Raises
    ------
    FileEmpty
        If there is a header and nothing below it.
    """
    is_empty = True
    for batch in source.batches():
        if len(batch):
            is_empty = False
            yield batch
    if is_empty:
        raise FileEmpty(path, "holds no rows")
