"""Delimited text files: where the header is, and their rows block by block."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import FileDamaged, FileEmpty
from common.data_pipeline.importers.layouts import FileLayout, unknown_layout
from common.data_pipeline.importers.streams import line_blocks
from common.data_pipeline.importers.text_rows import Columns, parse_fast, parse_slowly
from common.domain.bars import Times

_DELIMITERS: Final = (",", ";", "\t", "|")
# Publishers put a banner or two above the header; further down it is data.
_HEAD_LINES: Final = 10
_HEAD_BYTES: Final = 65_536
_MARK: Final = b"\xef\xbb\xbf"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class TextSource:
    """A text file with delimited fields, with or without a banner and a header."""

    def __init__(self, path: Path, layouts: Sequence[FileLayout]) -> None:
        self._path = path
        self.layout, self._columns, self._skip = self._find(layouts)

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in the file's order, a few megabytes at a time.

        Raises
        ------
        FileDamaged
            If a row has not as many fields as the header, or is not UTF-8.
        UnreadableNumber
            If a number is not one.
        """
        line = 1 + self._skip
        for number, block in enumerate(line_blocks(self._path)):
            rows = self._after_header(block) if number == 0 else block
            lines = np.arange(line, line + _count_lines(rows), dtype=np.int64)
            if rows.strip():
                yield self._parse(rows, lines)
            line += len(lines)

    def _after_header(self, block: bytes) -> bytes:
        rows = block.removeprefix(_MARK)
        for _ in range(self._skip):
            rows = rows.partition(b"\n")[2]
        return rows

    def _parse(self, block: bytes, lines: Times) -> Batch:
        first_line = int(lines[0])
        columns = parse_fast(block, self._columns)
        if columns is None or len(columns["time"]) != len(lines):
            lines = lines[[bool(line.strip()) for line in block.split(b"\n")[: len(lines)]]]
        if columns is None or len(columns["time"]) != len(lines):
            columns = parse_slowly(block, first_line, self._columns)
        return Batch(self._path, columns, lines, "line")

    def _find(self, layouts: Sequence[FileLayout]) -> tuple[FileLayout, Columns, int]:
        head = self._head()
        widest: Sequence[str] = ()
        for delimiter in _DELIMITERS:
            table = [self._split(line, delimiter) for line in head]
            widest = max([widest, *table], key=len)
            for layout in layouts:
                if found := _find_header(layout, table):
                    places, skip = found
                    width = len(table[max(0, skip - 1)])
                    return layout, Columns(self._path, places, width, delimiter), skip
        raise unknown_layout(self._path, widest, layouts)

    def _split(self, line: str, delimiter: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=delimiter))
        except csv.Error as e:
            raise FileDamaged(self._path, f"has lines that do not end with LF: {e}") from e

    def _head(self) -> list[str]:
        block = next(line_blocks(self._path), b"")
        if block.startswith(_WIDE_MARKS):
            raise FileDamaged(self._path, "is UTF-16 text, must be UTF-8")
        head = block.removeprefix(_MARK).split(b"\n", _HEAD_LINES)[:_HEAD_LINES]
        if b"\0" in block[:_HEAD_BYTES]:
            raise FileDamaged(self._path, "is neither text nor a table of a known format")
        lines = [line[:_HEAD_BYTES].decode("utf-8", "replace").rstrip("\r") for line in head]
        if not any(line.strip() for line in lines):
            raise FileEmpty(self._path, "is empty")
        return lines


def _find_header(
    layout: FileLayout, table: Sequence[Sequence[str]]
) -> tuple[dict[str, int], int] | None:
    """Return where our columns stand, and how many lines to skip up to the first row."""
    for skip, row in enumerate(table, start=1):
        if places := layout.find(row):
            return places, skip
    if places := layout.find_by_position(table[0]):
        return places, 0
    return None


def _count_lines(block: bytes) -> int:
    return block.count(b"\n") + (bool(block) and not block.endswith(b"\n"))
