"""One writer at a time for a series, across processes and threads."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from common.data_pipeline.exceptions import StoreLocked

_POLL_SECONDS: Final = 0.02


@contextmanager
def writer_lock(path: Path, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock file at `path`; the kernel lets go of it when its holder dies.

    Raises
    ------
    StoreLocked
        If another writer held it all the time; names that writer's process if it is known.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(descriptor, path, timeout_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        # A child forked meanwhile shares the lock: closing alone would leave it held.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 20, 0).decode(errors="replace")
                raise StoreLocked(
                    f"{path.parent} is being written by process {holder or 'unknown'}; waited"
                    f" {timeout_seconds:g} s",
                    path=str(path.parent),
                    pid=int(holder) if holder.isdecimal() else None,
                ) from e
            time.sleep(_POLL_SECONDS)
        else:
            return
