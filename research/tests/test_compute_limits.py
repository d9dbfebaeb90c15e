"""A job is ended at its cap, at its limit, in silence, on request, and when it is left alone."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest

from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from research.compute import fork_server
from research.models import Run
from research.services import queue
from research.tests.conftest import Ask

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.timeout(120),
]
SLEEP = "import time; time.sleep(60)"
# A child in a group of its own, of the same group, and one that has left its parent.
FAMILY = """
import subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(61.5)"]
subprocess.Popen(sleeper)
subprocess.Popen(sleeper, start_new_session=True)
subprocess.run([sys.executable, "-c",
    "import subprocess; subprocess.Popen(" + repr(sleeper) + ", start_new_session=True)"])
"""


def jobs() -> list[psutil.Process]:
    pid = fork_server.server_pid()
    return [] if pid is None else psutil.Process(pid).children()


def sleepers() -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any("61.5" in word for word in process.info["cmdline"] or [])
    ]


def kill_job() -> None:
    jobs()[0].kill()


class Once:
    """An action that is done the second time the worker looks, when its job surely runs."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action
        self.looks = 0
        self.done_at = 0.0

    def __call__(self) -> bool:
        self.looks += 1
        if self.looks == 3:
            self.action()
            self.done_at = monotonic()
        return False


@pytest.fixture
def sleeping(enqueue: Ask, odd: Ask, installation: Path) -> Ask:
    """Return a function that queues a strategy that sleeps, or does what it is told."""

    def sleeping(body: str = SLEEP) -> Run:
        odd("pass")
        path = installation / "strategies" / "odd.py"
        indented = "\n        ".join(body.splitlines())
        path.write_text(path.read_text().replace("pass", indented), encoding="utf-8")
        run: Run = enqueue(strategy_key="odd")
        return run

    return sleeping


class TestMemory:
    def test_above_the_cap_ends_the_job_and_names_both_figures(
        self, odd: Ask, limits: Callable[..., None]
    ) -> None:
        limits(job_memory_mb=700)

        run = odd("kept = []\nwhile True: kept.append(np.ones(4_000_000))")

        assert (run.status, run.error_code) == (RunStatus.FAILED, "memory_cap_exceeded")
        assert "its cap is 700 MB" in run.error_detail
        held = float(run.error_detail.split()[3])
        assert 700 < held < 2_000
        # What it shares with the fork server counts here in full.
        assert run.peak_rss_bytes > 0.8 * held * 1e6

    def test_of_a_process_that_the_strategy_starts_counts(
        self, odd: Ask, limits: Callable[..., None]
    ) -> None:
        limits(job_memory_mb=700)

        run = odd(
            "import subprocess, sys\n"
            "subprocess.run([sys.executable, '-c',"
            " 'import time; kept = bytearray(b\"x\") * 800_000_000; time.sleep(60)'])"
        )

        assert (run.status, run.error_code) == (RunStatus.FAILED, "memory_cap_exceeded")


class TestTime:
    def test_above_the_limit_ends_the_job(self, odd: Ask, limits: Callable[..., None]) -> None:
        limits(job_seconds=1.5)
        began = monotonic()

        run = odd("while True: pass")

        assert (run.status, run.error_code) == (RunStatus.FAILED, "time_limit_exceeded")
        assert "its limit is 1.5 s" in run.error_detail
        assert monotonic() - began < 10

    def test_in_silence_ends_the_job(self, odd: Ask, limits: Callable[..., None]) -> None:
        limits(silence_seconds=1.0)

        run = odd(SLEEP)

        assert (run.status, run.error_code) == (RunStatus.FAILED, "worker_silent")
        assert "the limit is 1 s" in run.error_detail

    def test_at_work_is_no_silence(self, odd: Ask, limits: Callable[..., None]) -> None:
        limits(silence_seconds=1.0)

        run = odd("import time\nend = time.monotonic() + 2.5\nwhile time.monotonic() < end: pass")

        assert run.status == RunStatus.SUCCEEDED


class TestCancel:
    def test_ends_the_process_within_two_seconds(self, sleeping: Ask, execute: Ask) -> None:
        run = sleeping()
        ask = Once(lambda: queue.cancel(run_id=run.pk, at=SystemClock().now()))

        run = execute(run, is_stopping=ask)

        assert monotonic() - ask.done_at < 2
        assert (run.status, run.error_code) == (RunStatus.CANCELED, "canceled")
        assert run.cancel_requested_at is not None
        assert jobs() == []

    def test_ends_all_that_the_strategy_started(self, sleeping: Ask, execute: Ask) -> None:
        run = sleeping(FAMILY + SLEEP)
        seen: list[int] = []

        def cancel() -> None:
            seen.append(len(sleepers()))
            queue.cancel(run_id=run.pk, at=SystemClock().now())

        execute(run, is_stopping=Once(cancel))

        assert seen == [3]
        assert sleepers() == []


class TestEnd:
    def test_of_the_job_ends_what_the_strategy_left_behind(self, odd: Ask) -> None:
        run = odd(FAMILY)

        assert run.status == RunStatus.SUCCEEDED
        assert sleepers() == []


class TestKill:
    def test_of_the_child_puts_the_run_back_and_then_fails_it(
        self, sleeping: Ask, execute: Ask
    ) -> None:
        run = sleeping()
        once = execute(run, is_stopping=Once(kill_job))
        twice = execute(run, is_stopping=Once(kill_job))

        assert (once.status, once.attempt, once.lease_until) == (RunStatus.QUEUED, 1, None)
        assert (twice.status, twice.error_code) == (RunStatus.FAILED, "worker_lost")
        assert "signal 9" in twice.error_detail

    def test_of_the_fork_server_ends_its_child_and_puts_the_run_back(
        self, sleeping: Ask, execute: Ask
    ) -> None:
        run = sleeping()
        child: list[psutil.Process] = []

        def kill() -> None:
            child.extend(jobs())
            os.kill(fork_server.server_pid() or 0, signal.SIGKILL)

        lost = execute(run, is_stopping=Once(kill))

        assert (lost.status, lost.attempt) == (RunStatus.QUEUED, 1)
        assert not child[0].is_running() or child[0].status() == psutil.STATUS_ZOMBIE
        assert not fork_server.is_running()

    def test_of_the_fork_server_is_no_hindrance_to_the_next_run(
        self, enqueue: Ask, execute: Ask
    ) -> None:
        fork_server.ensure_ready(fork_server.Preload(engines=("vectorbt",)))
        os.kill(fork_server.server_pid() or 0, signal.SIGKILL)
        while fork_server.is_running():
            pass

        assert execute(enqueue()).status == RunStatus.SUCCEEDED


class TestIdle:
    def test_server_gives_its_memory_back(
        self, enqueue: Ask, execute: Ask, limits: Callable[..., None]
    ) -> None:
        fork_server.stop()
        limits(idle_seconds=1.0)
        execute(enqueue())
        pid = fork_server.server_pid() or 0

        deadline = monotonic() + 10
        while psutil.pid_exists(pid) and monotonic() < deadline:
            time.sleep(0.05)

        assert not psutil.pid_exists(pid)
        assert execute(enqueue()).status == RunStatus.SUCCEEDED

    def test_server_that_somebody_else_buried_is_started_again(
        self, enqueue: Ask, execute: Ask
    ) -> None:
        execute(enqueue())
        pid = fork_server.server_pid() or 0
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

        assert execute(enqueue()).status == RunStatus.SUCCEEDED


class TestPinning:
    def test_holds_for_the_children(self, odd: Ask, limits: Callable[..., None]) -> None:
        fork_server.stop()
        (first, *_) = os.sched_getaffinity(0)
        limits(cpu_set=(first,))

        run = odd("import os; raise ValueError(os.sched_getaffinity(0))")

        assert f"ValueError: {{{first}}} " in run.error_detail
        fork_server.stop()


@pytest.fixture(autouse=True, scope="module")
def _end_fork_server() -> Any:
    yield
    fork_server.stop()
