"""Lines of a recording, plain or gzip, and what becomes of an end that is cut off."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from common.data_pipeline.events.exceptions import CutEnd
from common.data_pipeline.importers.exceptions import FileDamaged, FileEmpty, FileMissing
from common.data_pipeline.importers.streams import read_magic

_GZIP: Final = b"\x1f\x8b"
_GZIP_FORMAT: Final = 31  # zlib's number for: window of 32 KiB, gzip header and trailer
_BLOCK_BYTES: Final = 1 << 20
_MAX_LINE_BYTES: Final = 16 << 20
_HINT: Final = "what is whole before it is kept if a cut end is allowed"


class RecordingLines:
    """The lines of a text file that a recorder wrote.

    Parameters
    ----------
    path
        Plain text or gzip, of one member or many.
    allow_cut_end
        Whether a recording that stops in the middle of a message is read up to there: its
        recorder was killed.

    Attributes
    ----------
    was_cut
        Whether an end that is cut off was left out.
    is_open_end
        Whether the line yielded last is the file's last, and has no line break.
    """

    def __init__(self, path: Path, *, allow_cut_end: bool = False) -> None:
        self._path = path
        self._allow_cut_end = allow_cut_end
        self.was_cut = False
        self.is_open_end = False

    def blocks(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield lines without their line breaks, and the number of the first, from 1.

        Raises
        ------
        FileMissing, FileEmpty
            If there is nothing to read.
        FileDamaged
            If compressed data is wrong, or a line has no end in reach.
        CutEnd
            If compressed data ends early and that is not allowed.
        """
        number, rest = 1, b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _MAX_LINE_BYTES:
                raise FileDamaged(
                    self._path, f"{_MAX_LINE_BYTES} bytes without a line break", line=number
                )
            if lines:
                yield number, lines
                number += len(lines)
        if self.was_cut:
            self._refuse(number, "the compressed data ends in the middle")
        elif rest:
            self.is_open_end = True
            yield number, [rest]

    def leave_out_last(self, number: int, line: bytes) -> None:
        """Leave out a last line that is not a message, because the end is cut off there.

        Raises
        ------
        CutEnd
            If that is not allowed.
        """
        self._refuse(number, f"the last message is cut off after {len(line)} bytes")
        self.was_cut = True

    def _refuse(self, number: int, problem: str) -> None:
        if not self._allow_cut_end:
            raise CutEnd(self._path, f"{problem}; {_HINT}", line=number)

    def _chunks(self) -> Iterator[bytes]:
        magic = read_magic(self._path)
        if not magic:
            raise FileEmpty(self._path, "is empty")
        try:
            with self._path.open("rb") as file:
                chunks = iter(lambda: file.read(_BLOCK_BYTES), b"")
                yield from self._unpacked(chunks) if magic.startswith(_GZIP) else chunks
        except OSError as e:
            raise FileMissing(self._path, f"cannot be read: {e.strerror}") from e

    def _unpacked(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(_GZIP_FORMAT)
        try:
            packed = next(chunks, b"")
            while packed:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP_FORMAT)
                yield unpacker.decompress(packed, _BLOCK_BYTES)
                packed = unpacker.unconsumed_tail or unpacker.unused_data or next(chunks, b"")
        except zlib.error as e:
            raise FileDamaged(self._path, f"the compressed data is damaged: {e}") from e
        self.was_cut = not unpacker.eof
