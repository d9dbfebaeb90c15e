"""Real workers beside a real broker, on a database and a store that they share."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.architecture.test_files import ROOT

# Every figure is a tenth of its default or less, so that a lost worker is missed soon.
QUICK = {
    "ASSAY_COMPUTE__ENGINES": '["vectorbt"]',
    "ASSAY_COMPUTE__HEARTBEAT_SECONDS": "0.5",
    "ASSAY_COMPUTE__LEASE_SECONDS": "3",
    "ASSAY_COMPUTE__RECOVERY_SECONDS": "1",
}


def await_that(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the first true answer."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)
    return answer


def shared_environment(folder: Path, **changes: str) -> dict[str, str]:
    """Return the environment of an installation whose queue nobody else uses."""
    address = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0").rsplit("/", 1)[0]
    return {
        "ASSAY_PATHS__VAR": str(folder / "process"),
        "ASSAY_PATHS__STRATEGIES": str(folder / "process" / "strategies"),
        "DATABASE_URL": f"sqlite:///{folder}/process/assay.sqlite3",
        "REDIS_URL": f"{address}/{database_number()}",
        **QUICK,
        **changes,
    }


def database_number() -> int:
    """Return the number of a database of the broker: 0 is that of the suite."""
    return 1 + uuid.uuid4().int % 15


@contextmanager
def worker(environment: dict[str, str], *, queues: str = "compute") -> Iterator[psutil.Process]:
    """Run a worker; it is asked to end, and made to."""
    log = Path(environment["ASSAY_PATHS__VAR"]) / f"worker-{uuid.uuid4().hex[:6]}.log"
    words = ["-m", "celery", "-A", "platform_site.celery", "worker", "-Q", queues]
    quiet = ["--without-gossip", "--without-mingle", "-n", f"{uuid.uuid4().hex[:6]}@test"]
    settings = {"DJANGO_SETTINGS_MODULE": "platform_site.settings.base"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words, *quiet],
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Row:
    """What the database has of a run."""

    status: str
    attempt: int
    owner: str
    error_code: str


def rows(environment: dict[str, str]) -> list[Row]:
    """Return the runs, the oldest first, without the second that a command takes."""
    path = environment["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=20)) as database:
        found = database.execute(
            "SELECT status, attempt, owner, error_code FROM research_run ORDER BY id"
        )
        return [Row(*row) for row in found]


def fork_server(worker: psutil.Process) -> psutil.Process | None:
    """Return the fork server of a worker, if it has one."""
    for child in worker.children():
        if any("forkserver" in word for word in child.cmdline()):
            return child
    return None


def jobs(worker: psutil.Process) -> list[psutil.Process]:
    """Return the processes of a worker's jobs."""
    server = fork_server(worker)
    return server.children() if server is not None else []
