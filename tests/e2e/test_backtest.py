"""A user runs a strategy at the terminal and looks at what it left."""

from pathlib import Path

import pytest

from common.domain.enums import RunStatus
from research.models import Run
from tests.e2e.terminal import manage, run, start

pytestmark = pytest.mark.engine("vectorbt")
SMA = (
    "run_backtest", "--strategy", "sma_cross", "--engine", "vectorbt",
    "--instrument", "BTC/USD.COINBASE", "--timeframe", "1h",
)  # fmt: skip


@pytest.fixture(autouse=True)
def coinbase(installation: Path, sample_data: Path) -> None:
    run(
        "import_bars", sample_data / "coinbase_btcusd_1h.csv",
        "--instrument", "BTC/USD.COINBASE", "--timeframe", "1h",
    )  # fmt: skip


class TestRunBacktest:
    def test_prints_one_document_with_everything(self) -> None:
        done = run(*SMA, "--param", "fast=10", "--param", "slow=50", "--json")
        document = done.json

        assert (done.status, done.err) == (0, "")
        assert document["status"] == "SUCCEEDED"
        assert document["engine"] == {"name": "vectorbt", "version": "1.0.0"}
        assert document["strategy"]["params"] == {"fast": 10, "slow": 50, "allow_short": False}
        assert document["dataset"]["rows"] == 20_111
        assert document["dataset"]["start"] == "2017-07-01T11:00:00Z"
        assert document["dataset"]["end"] == "2019-10-17T10:00:00Z"
        assert document["costs"] == {
            "fee_rate": 0.001, "maker_fee_rate": 0.001, "slippage_bps": 0.0, "funding": False,
        }  # fmt: skip
        assert set(document["timings"]) == {"load_s", "engine_s", "total_s"}
        assert 50 < document["peak_rss_mb"] < 2_000
        # The published recomputation of this run by an independent program.
        assert len(document["fills"]) == 536
        assert document["equity"]["last"] == pytest.approx(49_338.6725, rel=1e-6)

    def test_takes_times_as_half_open(self) -> None:
        document = run(
            *SMA, "--start", "2018-01-01", "--end", "2018-02-01T00:00:00Z", "--json", "--no-fills"
        ).json

        assert document["dataset"]["rows"] == 31 * 24
        assert document["dataset"]["start"] == "2018-01-01T00:00:00Z"
        assert document["dataset"]["end"] == "2018-02-01T00:00:00Z"
        assert "fills" not in document

    def test_is_shown_again_as_it_was(self) -> None:
        document = run(*SMA, "--json").json

        assert run("show_run", document["run_id"], "--json").json == document

    def test_says_in_words_what_it_found(self) -> None:
        text = run(*SMA).out

        assert "SUCCEEDED: sma_cross fast=10 slow=50" in text
        assert "net return                393.39%" in text
        assert "trials so far" in text

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (["--strategy", "sma_cros"], 2, "unknown_strategy"),
            (["--engine", "vectorbot"], 2, "unknown_engine"),
            (["--param", "speed=3"], 2, "invalid_parameter"),
            (["--param", "fast=0"], 2, "invalid_parameter"),
            (["--param", "fast"], 2, "invalid_argument"),
            (["--fee-rate", "1.5"], 2, "invalid_argument"),
            (["--sizing", "all_in"], 2, "invalid_argument"),
            (["--start", "2019-01-01", "--end", "2018-01-01"], 2, "invalid_period"),
            (["--start", "yesterday"], 2, "invalid_argument"),
            (["--instrument", "ETH/USD.COINBASE"], 1, "unknown_instrument"),
            (["--timeframe", "5m"], 1, "series_not_found"),
            (["--start", "2030-01-01"], 1, "no_bars"),
        ],
    )
    def test_names_what_cannot_be_run(self, words: list[str], status: int, code: str) -> None:
        done = run(*SMA, *words, "--json")

        assert (done.status, done.json["code"]) == (status, code)
        assert set(done.json) == {"code", "detail", "extra"}
        assert done.err.startswith(f"{code}: ")
        assert not Run.objects.exists()

    def test_fails_with_the_error_and_the_run_it_left(self) -> None:
        done = run(*SMA, "--param", "allow_short=true", "--json")

        assert done.status == 1
        assert done.json["code"] == "needs_margin"
        assert done.json["extra"]["run_id"] == done.json["run_id"] == Run.objects.get().pk
        assert done.json["status"] == "REFUSED"


class TestShowRun:
    def test_says_that_there_is_none(self) -> None:
        done = run("show_run", 7, "--json")

        assert (done.status, done.json["code"]) == (1, "unknown_run")


class TestLists:
    @pytest.mark.parametrize(
        ("command", "key", "name"),
        [
            ("list_engines", "engines", "vectorbt"),
            ("list_strategies", "strategies", "donchian_breakout"),
            ("list_indicators", "indicators", "supertrend"),
        ],
    )
    def test_name_what_there_is(self, command: str, key: str, name: str) -> None:
        rows = run(command, "--json").json[key]

        assert name in {row.get("name", row.get("key")) for row in rows}
        assert name in run(command).out

    def test_a_broken_strategy_file_is_shown_and_fails_the_list(self, installation: Path) -> None:
        folder = installation / "strategies"
        folder.mkdir()
        (folder / "half.py").write_text("class Half(\n")

        done = run("list_strategies", "--json")

        assert done.status == 1
        assert len(done.json["strategies"]) == 8
        assert done.json["problems"][0]["code"] == "broken_strategy"
        assert "half.py:1" in done.json["problems"][0]["detail"]


class TestProcess:
    """As a process of its own: statuses, streams and a kill."""

    def test_wrong_words_exit_with_2_and_a_sentence(self, environment: dict[str, str]) -> None:
        done = manage("run_backtest", "--strategi", "x", **environment)

        assert (done.status, done.out) == (2, "")
        assert "--strategy" in done.err
        assert "Traceback" not in done.err

    def test_stdout_is_one_document_and_nothing_else(self, environment: dict[str, str]) -> None:
        done = manage("list_engines", "--json", **environment)

        assert (done.status, done.err) == (0, "")
        assert done.json["engines"][0]["installed"] is True

    @pytest.mark.slow
    @pytest.mark.timeout(120)
    def test_a_killed_run_becomes_a_failed_row(
        self, environment: dict[str, str], sample_data: Path, installation: Path
    ) -> None:
        strategies = installation / "process" / "strategies"
        strategies.mkdir()
        (strategies / "sleeps.py").write_text(SLEEPS)
        series = ("--instrument", "BTC/USD.COINBASE", "--timeframe", "1h")
        ask = ("run_backtest", "--engine", "vectorbt", *series)
        manage("import_bars", sample_data / "coinbase_btcusd_1h.csv", *series, **environment)
        with start(*ask, "--strategy", "sleeps", **environment) as asleep:
            assert asleep.stdout is not None
            assert asleep.stdout.readline() == "asleep\n"
            asleep.kill()

        manage(*ask, "--strategy", "buy_and_hold", **environment)
        shown = manage("show_run", 1, "--json", **environment).json

        assert (shown["status"], shown["code"]) == (RunStatus.FAILED, "worker_lost")


SLEEPS = '''
import time

from trading.strategies.base import Strategy


class Sleeps(Strategy):
    """Never answers."""

    key = "sleeps"
    version = "1"
    summary = "Sleeps for a minute"

    def warm_up(self, params):
        return 0

    def targets(self, bars, params):
        print("asleep", flush=True)
        time.sleep(60)
'''
