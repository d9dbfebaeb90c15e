"""One job under watch: its memory, its time and its silence; ended if one is too much."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

from research.compute import fork_server, job_files, processes
from research.compute.exceptions import (
    MemoryCapExceeded,
    TimeLimitExceeded,
    WorkerLost,
    WorkerSilent,
)
from research.compute.processes import ProcessId

_SAMPLE_SECONDS: Final = 0.1
_POLL_SECONDS: Final = 0.01
_BURIAL_SECONDS: Final = 5.0
_MB: Final = 1e6

type Tick = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may take.

    Parameters
    ----------
    memory_bytes
        Resident memory of its process and all that it starts, pages shared with other
        processes counted in part.
    seconds
        From its start to its end.
    silence_seconds
        Without using the processor and without reporting progress.
    """

    memory_bytes: int
    seconds: float
    silence_seconds: float


class Job:
    """A job in a child of the fork server; leaving the block ends whatever is left of it.

    Attributes
    ----------
    peak_bytes
        The most resident memory that the child and its descendants were seen to hold,
        shared pages counted in full.
    progress
        The fraction done that the child reported last, in [0, 1].
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.peak_bytes = 0
        self.progress = 0.0
        self._limits = limits
        self._began = self._heard = self._sampled = monotonic()
        self._worked = 0.0
        self._seen: dict[int, ProcessId] = {}
        self._process: ForkServerProcess | None = None

    def __enter__(self) -> Self:
        """Start the child; `request.json` must be in the folder.

        Raises
        ------
        WorkerLost
            If the fork server has ended.
        """
        self._process = fork_server.start_job(self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is left, and remove the folder."""
        process = self._started()
        processes.end_all(self.pid, self._seen.values())
        process.join(_BURIAL_SECONDS)
        if process.exitcode is not None:
            process.close()
        fork_server.note_end()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Number of the child's process.

        Raises
        ------
        WorkerLost
            Before it is started.
        """
        pid = self._started().pid
        if pid is None:
            raise WorkerLost("the job has no process")
        return pid

    @property
    def has_result(self) -> bool:
        """Whether the child has said how it ended."""
        return (self.folder / job_files.RESULT).exists()

    def wait_for(self, name: str, tick: Tick) -> None:
        """Wait until the child has written a file of its folder, or its result.

        Parameters
        ----------
        name
            The file.
        tick
            Called ten times a second with the fraction done; what it raises ends the wait.

        Raises
        ------
        MemoryCapExceeded, TimeLimitExceeded, WorkerSilent
            If the job took too much.
        WorkerLost
            If the process ended without a word.
        """
        path, process = self.folder / name, self._started()
        while not (path.exists() or self.has_result):
            if wait([process.sentinel], timeout=_POLL_SECONDS):
                process.join()
                if path.exists() or self.has_result:
                    return
                raise WorkerLost(
                    f"the process of the job ended without a word ({_how(process.exitcode)})"
                )
            if monotonic() - self._sampled >= _SAMPLE_SECONDS:
                self._sampled = monotonic()
                self._check()
                tick(self.progress)

    def wait_for_end(self, tick: Tick) -> None:
        """Wait for the result, and then for the end of the process.

        Raises
        ------
        PlatformError
            As `wait_for`.
        """
        self.wait_for(job_files.RESULT, tick)
        self._started().join(_BURIAL_SECONDS)

    def _check(self) -> None:
        usage = processes.measure(self.pid)
        self._seen.update((process.pid, process) for process in usage.processes)
        self.peak_bytes = max(self.peak_bytes, usage.resident)
        # What is shared counts in full in the one figure, which is quick to get, and in part
        # in the other: the second is asked only where the first is too much.
        if usage.resident > self._limits.memory_bytes:
            self._check_memory(processes.proportional_bytes(usage.processes))
        self._check_silence(usage.cpu_seconds)
        elapsed = monotonic() - self._began
        if elapsed > self._limits.seconds:
            raise TimeLimitExceeded(
                f"the job was ended after {elapsed:.1f} s, its limit is {self._limits.seconds:g} s",
                seconds=round(elapsed, 1),
                limit_seconds=self._limits.seconds,
            )

    def _check_memory(self, held: int) -> None:
        cap = self._limits.memory_bytes
        if held > cap:
            raise MemoryCapExceeded(
                f"the job held {held / _MB:,.0f} MB and was ended, its cap is {cap / _MB:,.0f} MB",
                held_mb=round(held / _MB, 1),
                cap_mb=cap / _MB,
            )

    def _check_silence(self, cpu_seconds: float) -> None:
        progress = job_files.read_progress(self.folder)
        if progress != self.progress or cpu_seconds != self._worked:
            self.progress, self._worked, self._heard = progress, cpu_seconds, monotonic()
        silent = monotonic() - self._heard
        if silent > self._limits.silence_seconds:
            raise WorkerSilent(
                f"the job neither worked nor reported for {silent:.1f} s and was ended, the limit"
                f" is {self._limits.silence_seconds:g} s",
                silent_seconds=round(silent, 1),
                limit_seconds=self._limits.silence_seconds,
            )

    def _started(self) -> ForkServerProcess:
        if self._process is None:
            raise WorkerLost("the job has not been started")
        return self._process


def remove_old_folders(root: Path, *, older_than_seconds: float) -> int:
    """Remove the folders of jobs whose worker was killed; return how many."""
    removed = 0
    if not root.is_dir():
        return removed
    for folder in root.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > older_than_seconds:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"signal {-exitcode}"
    return f"exit status {exitcode}"
