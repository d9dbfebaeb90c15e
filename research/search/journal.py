"""A study in a file: one line for each change, appended under a lock of the kernel."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, override

from optuna.storages.journal import JournalFileBackend


class LockedJournal(JournalFileBackend):
    """Optuna's file of changes, under a lock that ends with whoever holds it.

    Notes
    -----
    Optuna's own locks are files: a killed process leaves its behind, the others wait 30 s
    and then take it away, from one that is merely stopped just as well. The kernel frees
    `flock` when the holder dies, at once and only then.

    A process killed in the middle of writing, or a power cut, can leave the beginning of a
    line. The next change would be glued to it, and no process could read the study again;
    so whoever holds the lock first cuts it off. Readers ignore a line without an end.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append one line for each change and wait until the disk has them."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self._path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _cut_torn_line(file)
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())


def _cut_torn_line(file: BinaryIO) -> None:
    end = file.seek(0, os.SEEK_END)
    if end == 0:
        return
    file.seek(end - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
    file.seek(0, os.SEEK_END)
