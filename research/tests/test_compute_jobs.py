"""A queued run is done in a child of the fork server, and its end is a row whatever happens."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.enums import RunStatus
from exchanges.services.catalogue import register_series
from research.compute import fork_server
from research.engines.registry import get_engine
from research.models import Artefact, Run
from research.services.children import job_root
from research.tests.conftest import HOUR_NS, KEY, START_NS, Ask, bars, wave

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.timeout(120),
]
# What a queued run and one at a terminal have in common, if their inputs are equal.
EQUAL = (
    "input_hash", "trial_hash", "result_hash", "params", "metrics", "undefined", "equity",
    "n_fills", "warm_up_rows", "warm_up_hash", "dataset_id", "strategy_version_id", "code_hash",
    "engine_version", "instrument_sizes", "cash", "fee_rate", "seed", "experiment_id",
)  # fmt: skip


class TestResult:
    @pytest.mark.both_databases
    def test_is_that_of_a_run_at_a_terminal_to_the_bit(
        self, ask: Ask, enqueue: Ask, execute: Ask
    ) -> None:
        here = ask(params={"fast": "5"}, cash=500.0)
        queued = enqueue(params={"fast": "5"}, cash=500.0)

        there = execute(queued)

        assert there.status == RunStatus.SUCCEEDED
        assert {name: getattr(there, name) for name in EQUAL} == {
            name: getattr(here, name) for name in EQUAL
        }
        assert (there.progress, there.attempt, there.lease_until) == (1.0, 1, None)
        assert set(there.timings) == {"load_s", "engine_s", "total_s"}

    def test_leaves_the_same_files(self, ask: Ask, enqueue: Ask, execute: Ask) -> None:
        here, there = ask(), execute(enqueue())

        hashes = [
            {file.kind: file.sha256 for file in Artefact.objects.filter(run=run)}
            for run in (here, there)
        ]
        assert hashes[0] == hashes[1]
        assert set(hashes[0]) == {"fills", "equity"}

    def test_leaves_no_folder_of_its_job(self, enqueue: Ask, execute: Ask) -> None:
        execute(enqueue())

        assert [*job_root().iterdir()] == []

    def test_names_the_memory_that_the_child_held(self, enqueue: Ask, execute: Ask) -> None:
        run = execute(enqueue())

        # vectorbt alone takes more than this, and this process has not imported it.
        assert 100e6 < run.peak_rss_bytes < 600e6

    def test_a_taken_run_is_not_done_twice(self, enqueue: Ask, execute: Ask) -> None:
        run = enqueue()

        execute(run)

        assert execute(run) is None
        assert Run.objects.get().attempt == 1


class TestErrors:
    def test_of_the_engine_refuse_the_run(self, enqueue: Ask, execute: Ask) -> None:
        run = execute(enqueue(params={"allow_short": "true"}))

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "needs_margin")

    def test_that_only_the_strategy_knows_fail_the_run(self, enqueue: Ask, execute: Ask) -> None:
        run = execute(enqueue(params={"fast": 60, "slow": 50}))

        assert (run.status, run.error_code) == (RunStatus.FAILED, "invalid_parameter")
        assert run.dataset is None

    def test_of_a_period_without_bars_fail_the_run(self, enqueue: Ask, execute: Ask) -> None:
        run = execute(enqueue(start_ns=0, end_ns=10**9))

        assert (run.status, run.error_code) == (RunStatus.FAILED, "no_bars")

    @pytest.mark.parametrize(
        ("body", "code", "detail"),
        [
            ("raise KeyError('oops')", "unexpected_failure", "KeyError: 'oops' (odd.py, line 21)"),
            ("raise SystemExit(0)", "unexpected_failure", "SystemExit: 0 (odd.py, line 21)"),
            ("raise KeyboardInterrupt", "unexpected_failure", "KeyboardInterrupt"),
            ("raise ValueError('\\udcff\\x00')", "unexpected_failure", r"\udcff\x00"),
            ("targets[3] = 2.0", "invalid_targets", "is 2.0, must be in [0, 1]"),
            ("bars.close[0] = 1.0", "unexpected_failure", "assignment destination is read-only"),
            (
                "bars.close.flags.writeable = True",
                "unexpected_failure",
                "cannot set WRITEABLE flag",
            ),
        ],
    )
    def test_of_a_strategy_fail_the_run(self, odd: Ask, body: str, code: str, detail: str) -> None:
        run = odd(body)

        assert (run.status, run.error_code) == (RunStatus.FAILED, code)
        assert detail in run.error_detail
        assert run.peak_rss_bytes > 0

    def test_a_process_that_ends_itself_is_tried_twice(self, odd: Ask, execute: Ask) -> None:
        run = odd("import os; os._exit(3)")
        again = execute(run)

        assert (run.status, run.attempt, run.owner) == (RunStatus.QUEUED, 1, "")
        assert (again.status, again.error_code) == (RunStatus.FAILED, "worker_lost")
        assert "exit status 3" in again.error_detail


class TestIsolation:
    def test_the_child_knows_no_address_and_no_secret(
        self, odd: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fork_server.stop()
        for name in ("DATABASE_URL", "REDIS_URL", "ASSAY_SECRET_KEY", "SECRET_KEY", "AWS_KEY"):
            monkeypatch.setenv(name, "hidden-value")

        run = odd("import os; raise ValueError(sorted(os.environ.items()))")

        assert "hidden-value" not in run.error_detail
        assert "DATABASE_URL" not in run.error_detail
        assert "'PATH'" in run.error_detail
        assert os.environ["DATABASE_URL"] == "hidden-value"

    def test_the_child_has_no_socket(self, odd: Ask) -> None:
        run = odd(
            "import os\n"
            "links = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd')"
            " if os.path.exists(f'/proc/self/fd/{fd}')]\n"
            "raise ValueError([link for link in links if link.startswith('socket')])"
        )

        assert "ValueError: []" in run.error_detail

    def test_random_numbers_differ_between_children(self, odd: Ask) -> None:
        body = "import random; raise ValueError((np.random.random(), random.random()))"

        first, second = odd(body), odd(body)

        assert first.error_detail != second.error_detail

    def test_one_thread_is_all_that_libraries_start(self, odd: Ask) -> None:
        run = odd("import os; raise ValueError(os.environ['OMP_NUM_THREADS'])")

        assert "ValueError: 1 " in run.error_detail


class TestAdmission:
    def test_refuses_what_would_not_fit_and_names_figure_and_bound(
        self, enqueue: Ask, execute: Ask, limits: Callable[..., None]
    ) -> None:
        limits(job_memory_mb=300)
        predicted = get_engine("vectorbt").memory.predict(bars=400) / 1e6

        run = execute(enqueue())

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "memory_budget_exceeded")
        assert f"takes about {predicted:.0f} MB for 400 bars" in run.error_detail
        assert "a job may take 300 MB" in run.error_detail
        assert run.n_fills is None

    def test_refuses_a_long_series_before_it_is_read(
        self, enqueue: Ask, execute: Ask, store: SeriesStore, limits: Callable[..., None]
    ) -> None:
        year = bars(wave(24 * 120), start_ns=START_NS + 500 * HOUR_NS)
        store.merge_bars(KEY, [BarRows.of(year)])
        register_series(store=store, key=KEY)
        limits(job_memory_mb=math.ceil(get_engine("vectorbt").memory.base / 1e6))

        run = execute(enqueue())

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "memory_budget_exceeded")
        assert run.dataset is None


class TestStopping:
    def test_a_worker_that_ends_gives_its_run_back(
        self, enqueue: Ask, odd: Ask, execute: Ask, installation: Path
    ) -> None:
        odd("pass")
        path = installation / "strategies" / "odd.py"
        path.write_text(path.read_text().replace("pass", "import time; time.sleep(60)"))
        answers = iter([False, False, True, True, True])

        run = execute(enqueue(strategy_key="odd"), is_stopping=lambda: next(answers))

        assert (run.status, run.attempt, run.owner) == (RunStatus.QUEUED, 0, "")
        assert [*job_root().iterdir()] == []

    def test_a_worker_that_ends_takes_no_run(self, enqueue: Ask, execute: Ask) -> None:
        run = enqueue()

        assert execute(run, is_stopping=lambda: True) is None
        assert Run.objects.get().status == RunStatus.QUEUED


@pytest.fixture(autouse=True, scope="module")
def _end_fork_server() -> Any:
    yield
    fork_server.stop()
