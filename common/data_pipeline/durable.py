"""Files that are either there, whole and on the disk, or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.data_pipeline.exceptions import StoreUnavailable


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses below `path` into a typed error that names it.

    Raises
    ------
    StoreUnavailable
        If the disk is full, read-only, not permitted or not there.
    """
    try:
        yield
    except OSError as e:
        reason = e.strerror or str(e)
        raise StoreUnavailable(f"cannot use {path}: {reason}", path=str(path)) from e


def make_folder(path: Path) -> None:
    """Create a folder and those above it, so that a power cut cannot take them away again."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any point leaves the old content or the new."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_bytes(content)
        sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)
