"""Queued runs in real workers: done once, watched, and never lost with who had them."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import psutil
import pytest

from research.tests.conftest import STRATEGY
from tests.e2e.terminal import manage, start
from tests.e2e.workers import await_that, fork_server, jobs, rows, shared_environment, worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.engine("vectorbt"),
]
SERIES = ("--instrument", "XRP/USDT.BINANCE", "--timeframe", "1h")
RUN = ("--engine", "vectorbt", *SERIES, "--json")
ENGINE_LIBRARIES = ("llvmlite", "numba", "vectorbt", "freqtrade", "nautilus", "hftbacktest")

type Environment = dict[str, str]
type Queue = Callable[..., int]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """Return the folder of an installation with bars and strategies that sleep."""
    folder = tmp_path_factory.mktemp("template")
    environment = shared_environment(folder)
    strategies = Path(environment["ASSAY_PATHS__STRATEGIES"])
    strategies.mkdir(parents=True)
    for key, seconds in {"odd": 3600, "slow": 3}.items():
        body = f"import time; time.sleep({seconds})"
        text = STRATEGY.replace("{body}", body).replace('"odd"', f'"{key}"')
        (strategies / f"{key}.py").write_text(text, encoding="utf-8")
    manage("migrate", "-v", "0", **environment)
    manage("sync_strategies", **environment)
    file = sample_data / "binanceusdm_XRP_USDT_1h.feather"
    assert manage("import_bars", file, *SERIES, **environment).status == 0
    return folder


@pytest.fixture
def shared(template: Path, tmp_path: Path) -> Environment:
    """Return the environment of a copy of the template, with a queue of its own."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return shared_environment(tmp_path)


@pytest.fixture
def queue(shared: Environment) -> Queue:
    """Return a function that puts a strategy into the queue and gives the run's number."""

    def queue(strategy: str, *words: str) -> int:
        asked = ("run_backtest", "--strategy", strategy, *RUN, "--queue", "--no-watch", *words)
        done = manage(*asked, **shared)
        assert done.status == 0, done.err
        number: int = done.json["run_id"]
        return number

    return queue


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_watched_run_ends_as_one_at_the_terminal_and_the_worker_loads_no_engine(
    shared: Environment,
) -> None:
    here = manage("run_backtest", "--strategy", "sma_cross", *RUN, **shared).json
    with worker(shared) as process:
        there = manage("run_backtest", "--strategy", "sma_cross", *RUN, "--queue", **shared)
        server = fork_server(process)
        mapped = {Path(each.path).as_posix() for each in process.memory_maps()}
        served = {Path(each.path).as_posix() for each in server.memory_maps()} if server else set()

    assert there.status == 0
    assert there.json["result_hash"] == here["result_hash"]
    assert there.json["fills"] == here["fills"]
    assert (there.json["progress"], there.json["attempt"]) == (1.0, 1)
    assert [path for path in mapped if any(name in path for name in ENGINE_LIBRARIES)] == []
    assert [path for path in served if "llvmlite" in path]


def test_a_message_that_was_never_sent_does_not_keep_a_run_from_being_done(
    shared: Environment,
) -> None:
    nowhere = {**shared, "REDIS_URL": "redis://127.0.0.1:1/0"}
    began = monotonic()
    asked = ("run_backtest", "--strategy", "sma_cross", *RUN, "--queue", "--no-watch")
    manage(*asked, **nowhere)
    waited = monotonic() - began

    with worker(shared):
        await_that(lambda: rows(shared)[0].status == "SUCCEEDED")

    assert waited < 15


def test_two_workers_share_the_queue_and_do_each_run_once(
    shared: Environment, queue: Queue
) -> None:
    # Long enough that the one that is ready first cannot have done them all.
    for _ in range(5):
        queue("slow")
    with worker(shared), worker(shared):
        await_that(lambda: {row.status for row in rows(shared)} == {"SUCCEEDED"})

    done = rows(shared)
    assert [run.attempt for run in done] == [1] * 5
    assert len({run.owner for run in done}) == 2


def test_a_killed_worker_takes_its_job_with_it_and_the_next_one_does_the_run(
    shared: Environment, queue: Queue
) -> None:
    queue("odd")
    with worker(shared) as first:
        (job,) = await_that(lambda: jobs(first))
        server = fork_server(first)
        await_that(lambda: rows(shared)[0].status == "RUNNING")
        first.kill()
        await_that(lambda: is_gone(job) and server is not None and is_gone(server), 10)

        with worker(shared) as second:
            await_that(lambda: jobs(second))
            assert rows(shared)[0].attempt == 2
            os.kill(second.pid, signal.SIGKILL)
        with worker(shared):
            await_that(lambda: rows(shared)[0].status == "FAILED")

    assert rows(shared)[0].error_code == "worker_lost"


def test_a_worker_that_is_asked_to_end_gives_its_run_back_at_once(
    shared: Environment, queue: Queue
) -> None:
    queue("odd")
    with worker(shared) as process:
        (job,) = await_that(lambda: jobs(process))
        process.terminate()
        process.wait(15)

    assert is_gone(job)
    assert (rows(shared)[0].status, rows(shared)[0].attempt) == ("QUEUED", 0)


def test_a_run_is_canceled_from_another_terminal_within_seconds(
    shared: Environment, queue: Queue
) -> None:
    run = queue("odd")
    with worker(shared) as process:
        (job,) = await_that(lambda: jobs(process))
        asked = manage("cancel_run", run, "--json", **shared)
        asked_at = monotonic()
        await_that(lambda: is_gone(job), 10)
        gone_after = monotonic() - asked_at
        await_that(lambda: rows(shared)[0].status == "CANCELED", 10)
        again = manage("cancel_run", run, "--json", **shared)

    assert (asked.status, asked.json["cancel_requested"]) == (0, True)
    assert gone_after < 2
    assert (again.status, again.json["code"]) == (1, "run_not_cancelable")


def test_who_stops_watching_leaves_the_run_alone(shared: Environment) -> None:
    with start("run_backtest", "--strategy", "sma_cross", *RUN, "--queue", **shared) as watching:
        await_that(lambda: rows(shared))
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate()

    assert watching.returncode == 130
    assert "goes on" in err
    assert rows(shared)[0].status == "QUEUED"
    assert manage("list_runs", "--json", **shared).json["runs"][0]["status"] == "QUEUED"


@pytest.mark.timeout(240)
def test_with_the_figures_that_ship_a_killed_worker_leaves_no_ghost_for_a_minute(
    shared: Environment, queue: Queue
) -> None:
    shipped = {name: value for name, value in shared.items() if "_SECONDS" not in name}
    queue("odd")
    with worker(shipped) as first, worker(shipped) as second:
        holder = await_that(lambda: next((each for each in (first, second) if jobs(each)), None))
        await_that(lambda: rows(shared)[0].status == "RUNNING")
        holder.kill()
        killed_at = monotonic()
        await_that(lambda: rows(shared)[0].attempt == 2, 90)

        assert monotonic() - killed_at < 60
