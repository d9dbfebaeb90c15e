"""Processes as Linux shows them under /proc: a process with its children, measured or ended.

See proc_pid_stat(5), proc_pid_smaps(5) and proc_pid_task(5).
"""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_DEATH_SECONDS: Final = 5.0
# Positions in the line after the name, which may itself hold spaces and brackets.
_STATE, _PPID, _UTIME, _STIME, _STARTED, _RSS = 0, 1, 11, 12, 19, 21


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told from a later one of the same number by when it started."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children hold and have used.

    Parameters
    ----------
    resident
        Resident memory in bytes, pages shared with others counted in full.
    cpu_seconds
        Processor time of those alive now.
    processes
        The processes, the first one first; empty if it is gone.
    """

    resident: int
    cpu_seconds: float
    processes: tuple[ProcessId, ...]


def measure(pid: int) -> Usage:
    """Return what a process and all its descendants hold at this moment."""
    resident, ticks = 0, 0
    found: list[ProcessId] = []
    for each in _with_descendants(pid):
        fields = _stat(each)
        if fields is None or fields[_STATE] == "Z":
            continue
        resident += int(fields[_RSS]) * _PAGE
        ticks += int(fields[_UTIME]) + int(fields[_STIME])
        found.append(ProcessId(each, int(fields[_STARTED])))
    return Usage(resident, ticks / _TICKS, tuple(found))


def proportional_bytes(processes: Iterable[ProcessId]) -> int:
    """Return their resident memory, each shared page divided among those that share it."""
    return sum(_pss(process.pid) for process in processes)


def identify(pid: int) -> ProcessId | None:
    """Return the process that has this number now, or None."""
    fields = _stat(pid)
    return None if fields is None else ProcessId(pid, int(fields[_STARTED]))


def is_alive(process: ProcessId) -> bool:
    """Tell whether the process is there and not merely waiting to be buried."""
    fields = _stat(process.pid)
    return (
        fields is not None and int(fields[_STARTED]) == process.started and fields[_STATE] != "Z"
    )


def end_all(pid: int, seen: Iterable[ProcessId] = ()) -> None:
    """Kill a process, its descendants, its group, and those that were seen below it.

    It is stopped first, so that it starts no more while its children are looked for.
    """
    _send(pid, signal.SIGSTOP)
    victims = {process for each in _with_descendants(pid) if (process := identify(each))}
    victims |= {process for process in seen if is_alive(process)}
    _send_group(pid)
    for process in victims:
        if is_alive(process):
            _send(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + _DEATH_SECONDS
    while any(is_alive(process) for process in victims) and time.monotonic() < deadline:
        time.sleep(0.005)


def descendants(pid: int) -> list[int]:
    """Return the numbers of all processes below one."""
    return _with_descendants(pid)[1:]


def _with_descendants(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        found += [child for child in _children(each) if child not in found]
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in (_PROC / str(pid) / "task").iterdir():
            children += map(int, (task / "children").read_text(encoding="ascii").split())
    except OSError:
        # It, or a thread of it, ended while it was looked at.
        return children
    return children


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _pss(pid: int) -> int:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _send_group(pid: int) -> None:
    # Its own group only: one that has not made one yet is still in ours.
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
