"""Bytes of text files, compressed or not, in blocks of whole lines."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from common.data_pipeline.importers.exceptions import FileDamaged, FileMissing

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_BLOCK_BYTES: Final = 4 << 20


def read_magic(path: Path) -> bytes:
    """Return the first bytes of a file, by which its format is told.

    Raises
    ------
    FileMissing
        If it is not there, is a folder or a pipe, or may not be read.
    """
    # What comes through a pipe can be read once; a file is read for its layout first.
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileMissing(path, "is a pipe or a device; save it as a file first")
    try:
        with path.open("rb") as file:
            return file.read(8)
    except FileNotFoundError as e:
        raise FileMissing(path, "there is no such file") from e
    except OSError as e:
        raise FileMissing(path, f"cannot be read: {e.strerror}") from e


def line_blocks(path: Path) -> Iterator[bytes]:
    """Yield a text file, gzip or zip of one, in blocks that end with whole lines.

    Raises
    ------
    FileDamaged
        If the compressed data is cut off or wrong, or a block holds no line break.
    """
    with _open(path) as stream:
        rest = b""
        while chunk := stream.read(_BLOCK_BYTES):
            whole, line_break, begun = chunk.rpartition(b"\n")
            if not line_break and len(chunk) == _BLOCK_BYTES:
                raise FileDamaged(path, f"{_BLOCK_BYTES} bytes without a line break")
            if line_break:
                yield rest + whole + line_break
                rest = begun
            else:
                rest += chunk
        if rest:
            yield rest


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    magic = read_magic(path)
    try:
        if magic.startswith(_GZIP):
            with gzip.open(path, "rb") as unpacked:
                yield cast("IO[bytes]", unpacked)
        elif magic.startswith(_ZIP):
            with zipfile.ZipFile(path) as archive, archive.open(_member(path, archive)) as stream:
                yield stream
        else:
            with path.open("rb") as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as e:
        raise FileDamaged(path, f"the compressed data is cut off or damaged: {e}") from e


def _member(path: Path, archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if len(names) != 1:
        raise FileDamaged(path, f"holds {len(names)} files, must hold one")
    return names[0]
