"""Searches in real workers and at real terminals: joined by several, killed, and finished."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import manage, start
from tests.e2e.workers import await_that, fork_server, shared_environment, worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.engine("vectorbt"),
]
SERIES = ("--instrument", "XRP/USDT.BINANCE", "--timeframe", "1h")
SPACE = ("--grid", "fast=2:30:1", "--grid", "slow=31:90:1")
SEARCH = (
    "--strategy", "slow", *SPACE, *SERIES, "--search", "tpe", "--trials", "60",
    "--min-round-trips", "1", "--top", "60", "--json",
)  # fmt: skip
# Sixty sets in twenty chunks of three, over half a second each.
SLOW = '''
"""A crossing that takes its time."""

import time

from trading.strategies.library.sma_cross import SmaCross


class Slow(SmaCross):
    """Crosses slowly."""

    key = "slow"

    def targets(self, bars, params):
        time.sleep(0.2)
        return super().targets(bars, params)
'''

type Environment = dict[str, str]


@pytest.fixture
def shared(tmp_path: Path, sample_data: Path) -> Environment:
    """Return the environment of an installation with bars and a strategy that sleeps."""
    environment = shared_environment(tmp_path)
    strategies = Path(environment["ASSAY_PATHS__STRATEGIES"])
    strategies.mkdir(parents=True)
    (strategies / "slow.py").write_text(SLOW, encoding="utf-8")
    manage("migrate", "-v", "0", **environment)
    manage("sync_strategies", **environment)
    file = sample_data / "binanceusdm_XRP_USDT_1h.feather"
    assert manage("import_bars", file, *SERIES, **environment).status == 0
    return environment


def shown(number: int, environment: Environment) -> Any:
    return manage("show_sweep", number, "--top", 60, "--json", **environment).json


def await_more(number: int, seen: int, environment: Environment) -> int:
    """Wait until a sweep has more trials than were seen; return how many."""

    def more() -> int:
        done = manage("show_sweep", number, "--json", **environment)
        trials: int = done.json["n_trials"] if done.status == 0 else 0
        return trials if trials > seen else 0

    found: int = await_that(more)
    return found


def check_whole(document: Any) -> None:
    """See that every place of the search came to something, once."""
    assert document["status"] == "SUCCEEDED"
    assert document["progress"] == 1.0
    assert document["n_trials"] == document["n_sets"] == 60
    numbers = [each["number"] for each in document["best"]]
    sets = {tuple(sorted(each["params"].items())) for each in document["best"]}
    assert len(set(numbers)) == len(sets) == len(numbers) == document["n_ranked"]


def test_a_search_whose_workers_are_killed_five_times_is_finished(shared: Environment) -> None:
    number = manage("run_sweep", *SEARCH, "--queue", "--no-watch", **shared).json["sweep_id"]
    seen = 0
    for _ in range(5):
        with worker(shared) as process:
            seen = await_more(number, seen, shared)
            # With its fork server, as the power would go: nobody says a last word.
            server = fork_server(process)
            process.send_signal(signal.SIGKILL)
            process.wait()
            if server is not None and server.is_running():
                server.send_signal(signal.SIGKILL)
    with worker(shared), worker(shared):
        await_that(lambda: shown(number, shared)["status"] != "RUNNING", seconds=90)

    check_whole(shown(number, shared))


def test_a_search_killed_five_times_at_a_terminal_is_finished(shared: Environment) -> None:
    seen = 0
    words: tuple[str, ...] = ()
    for _ in range(5):
        with start("run_sweep", *SEARCH, *words, **shared) as process:
            words = ("--resume", "1")
            seen = await_more(1, seen, shared)
            os.kill(process.pid, signal.SIGKILL)

    done = manage("run_sweep", *SEARCH, "--resume", "1", **shared)

    assert done.status == 0, done.err
    check_whole(shown(1, shared))


def test_a_terminal_and_a_worker_join_in_one_search(shared: Environment) -> None:
    number = manage("run_sweep", *SEARCH, "--queue", "--no-watch", **shared).json["sweep_id"]
    with worker(shared), worker(shared):
        await_that(lambda: shown(number, shared)["status"] == "RUNNING")
        began = time.monotonic()
        done = manage("run_sweep", *SEARCH, "--resume", number, **shared)
        seconds = time.monotonic() - began

    assert done.status == 0, done.err
    check_whole(done.json)
    # Sixty sleeps of a fifth of a second, by three at a time.
    assert seconds < 60 * 0.2 + 10
