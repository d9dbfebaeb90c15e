"""The fork server of this process: `multiprocessing`'s, started by exec, with its engines.

It is a process of its own that has imported the engines and runs no job; each job gets a
child forked from it, which costs milliseconds and gives all its memory back.
"""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic
from typing import Final

from research.compute import child
from research.compute.exceptions import WorkerLost
from research.compute.preload import VARIABLE

_ONE_THREAD: Final = tuple(
    f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "RAYON")
)
# What a child may know of the environment of its worker; no address and no secret is in it.
_PASSED_ON: Final = frozenset({
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "NUMBA_CACHE_DIR", "PATH", "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED", "PYTHONPATH", "TMPDIR", "TZ", "VIRTUAL_ENV", "XDG_CACHE_HOME",
})  # fmt: skip
_ROOT: Final = Path(__file__).resolve().parents[2]
_GONE: Final = (ConnectionError, EOFError, FileNotFoundError)
_lock = threading.Lock()


@dataclass
class _Use:
    """The server, jobs that run, and when one was last begun or ended.

    `others` are the modules that the process would have had preloaded without it.
    """

    server: int | None = None
    others: tuple[str, ...] = ()
    jobs: int = 0
    last: float = 0.0


_use = _Use()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preload:
    """What the server prepares: engines by name, and the CPUs for it and its children.

    No CPUs are all.
    """

    engines: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()


def ensure_ready(preload: Preload, *, idle_seconds: float = inf) -> None:
    """Start the server unless it runs, and wait until it has imported everything.

    It ends by itself when no job has run for `idle_seconds`.

    Raises
    ------
    WorkerLost
        If it ends meanwhile.
    """
    with _lock:
        _use.last = monotonic()
        if is_running() and server_pid() == _use.server:
            return
        _await_death()
        # One that something else in this process started has not the engines.
        _stop()
        if _use.server is None:
            _use.others = tuple(_server()._preload_modules)  # type: ignore[attr-defined]  # noqa: SLF001
        with _environment(_clean(os.environ, preload)):
            multiprocessing.set_forkserver_preload([child.__name__, "research.compute.preload"])
            forkserver.ensure_running()
        _use.server = server_pid()
        # A job must not start another server by the way: that one would have the environment
        # of the worker.
        _server().ensure_running = _require_running  # type: ignore[method-assign]
    # It answers only after its imports.
    probe = start_child(child.answer_nothing)
    probe.join()
    if idle_seconds < inf:
        watch = threading.Thread(target=_end_when_idle, args=(idle_seconds,), daemon=True)
        watch.start()


def start_job(folder: Path) -> ForkServerProcess:
    """Start the job of a folder in a child of the running server.

    Raises
    ------
    WorkerLost
        If the server has ended.
    """
    with _lock:
        _use.jobs += 1
    try:
        return start_child(child.run_job, str(folder))
    except WorkerLost:
        note_end()
        raise


def note_end() -> None:
    """Count a job as ended: the server is idle from the end of the last one on."""
    with _lock:
        _use.jobs -= 1
        _use.last = monotonic()


def start_child(target: object, *arguments: str) -> ForkServerProcess:
    """Call a function of a module in a child of the running server.

    Raises
    ------
    WorkerLost
        If the server has ended.
    """
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=target, args=arguments)  # type: ignore[arg-type]
    try:
        process.start()
    except _GONE as e:
        raise WorkerLost(f"the fork server has ended: {type(e).__name__}") from e
    return process


def server_pid() -> int | None:
    """Return the server's process number, None where none has been started."""
    pid: int | None = _server()._forkserver_pid  # type: ignore[attr-defined]  # noqa: SLF001
    return pid


def is_running() -> bool:
    """Tell whether the server is there."""
    pid = server_pid()
    return pid is not None and _state(pid) not in {"Z", ""}


def stop() -> None:
    """End the server and with it the memory of everything imported; the next job starts one."""
    with _lock:
        _stop()


def _await_death() -> None:
    # One that was killed is seen as dead before it can be buried, which comes with its threads'
    # ends; until then `multiprocessing` takes it for alive.
    pid = server_pid()
    if pid is None:
        return
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:
        _forget()


def _require_running() -> None:
    if not is_running():
        raise WorkerLost("the fork server has ended")


def _end_when_idle(idle_seconds: float) -> None:
    pid = server_pid()
    while server_pid() == pid:
        time.sleep(min(idle_seconds, 1.0))
        with _lock:
            idle = _use.jobs == 0 and monotonic() - _use.last > idle_seconds
            if idle and server_pid() == pid:
                _stop()


def _stop() -> None:
    if server_pid() is None:
        return
    if server_pid() == _use.server:
        # Whatever else in this process wants a server may start one of its own again.
        vars(_server()).pop("ensure_running", None)
        multiprocessing.set_forkserver_preload([*_use.others])
        _use.server = None
    try:
        _server()._stop()  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public ends it
    except ChildProcessError:
        _forget()


def _forget() -> None:
    """Forget a server that somebody else has buried, so that the next job starts one."""
    child.forget_server()
    _server()._forkserver_pid = None  # type: ignore[attr-defined]  # noqa: SLF001


def _server() -> forkserver.ForkServer:
    server: forkserver.ForkServer = forkserver._forkserver  # noqa: SLF001
    return server


def _state(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[0]


def _clean(environment: Mapping[str, str], preload: Preload) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name in _PASSED_ON}
    # The server finds the platform wherever it is started from.
    packages = [str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(packages),
        **dict.fromkeys(_ONE_THREAD, "1"),
        # Two arenas and no pool of Arrow's own: what a child frees goes back at once.
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        VARIABLE: json.dumps({"engines": preload.engines, "cpus": preload.cpus}),
    }


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    # The server takes over the environment of the process that starts it; there is no other
    # way to hand it one.
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
