"""A user compares engines at the terminal, each in a process of its own."""

import os
import signal
import time
from pathlib import Path

import pytest

from research.engines.registry import list_engines
from tests.e2e.terminal import manage, run, start

ENGINES = [each.name for each in list_engines() if each.installed and each.capabilities["bars"]]
SERIES = ("--instrument", "BTC/USD.COINBASE", "--timeframe", "1h")
PERIOD = ("--start", "2018-01-01", "--end", "2018-03-01")
ASK = ("compare_engines", *SERIES, *PERIOD, "--json")
SLEEPS = '''
import os
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
        print("asleep", os.getpid(), flush=True)
        time.sleep(60)
'''


@pytest.fixture
def stored(environment: dict[str, str], sample_data: Path) -> dict[str, str]:
    strategies = Path(environment["ASSAY_PATHS__STRATEGIES"])
    strategies.mkdir()
    (strategies / "sleeps.py").write_text(SLEEPS)
    manage("import_bars", sample_data / "coinbase_btcusd_1h.csv", *SERIES, **environment)
    return environment


class TestArguments:
    @pytest.mark.parametrize(
        "words",
        [
            ["--engines", "vectorbt,vectorbt"],
            ["--engines", "vectorbt,quantum"],
            ["--engines", "vectorbt,"],
            ["--processes", "0"],
            ["--processes", "two"],
            ["--native", f"{__file__}:Mine"],
            ["--fee-rate", "2"],
        ],
    )
    def test_a_wrong_one_exits_with_2(self, words: list[str]) -> None:
        strategy = () if "--native" in words else ("--strategy", "sma_cross")

        assert run(*ASK, *strategy, *words).status == 2

    def test_an_unknown_series_exits_with_1(self, db: None) -> None:
        done = run(*ASK, "--strategy", "sma_cross")

        assert (done.status, set(done.json)) == (1, {"code", "detail", "extra"})


class TestHere:
    """With one process the engines run where the command runs, one after the other."""

    @pytest.fixture(autouse=True)
    def coinbase(self, installation: Path, sample_data: Path) -> None:
        run("import_bars", sample_data / "coinbase_btcusd_1h.csv", *SERIES)

    def test_a_refusal_by_an_engine_that_was_named_exits_with_1(self) -> None:
        words = ("--strategy", "sma_cross", "--param", "allow_short=true", "--engines", "vectorbt")
        done = run(*ASK, *words, "--processes", 1)

        assert (done.status, done.json["verdict"]) == (1, "FAILED")
        assert done.json["engines"]["vectorbt"]["code"] == "needs_margin"

    def test_as_text_it_shows_verdict_and_tables(self) -> None:
        words = [word for word in ASK if word != "--json"]
        done = run(*words, "--strategy", "sma_cross", "--engines", "vectorbt", "--processes", 1)

        assert (done.status, done.err) == (0, "")
        assert "SINGLE: only one engine could run" in done.out
        assert "SUCCEEDED" in done.out


@pytest.mark.slow
@pytest.mark.timeout(240)
class TestProcesses:
    def test_engines_run_apart_and_agree(self, stored: dict[str, str]) -> None:
        done = manage(*ASK, "--strategy", "sma_cross", "--ladder", **stored)
        document = done.json

        assert (done.status, done.err) == (0, "")
        assert document["verdict"] == ("EQUAL" if len(ENGINES) > 1 else "SINGLE")
        fills = {document["engines"][name]["n_fills"] for name in ENGINES}
        assert len(fills) == 1
        assert fills.pop() > 20
        runs = [document["engines"][name]["run_id"] for name in ENGINES]
        shown = [manage("show_run", each, "--json", "--no-fills", **stored).json for each in runs]
        assert [each["status"] for each in shown] == ["SUCCEEDED"] * len(ENGINES)
        assert sum(each["peak_rss_mb"] for each in shown) < 1_500
        assert all(each["final_equity"] for each in document["ladder"][:3])

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_cancels_every_run_under_way(
        self, stored: dict[str, str], number: int, status: int
    ) -> None:
        words = ("--strategy", "sleeps", "--ladder", "--engines", "vectorbt")
        with start(*ASK, *words, **stored) as asleep:
            assert asleep.stdout is not None
            assert asleep.stdout.readline().startswith("asleep")
            assert asleep.stdout.readline().startswith("asleep")
            asleep.send_signal(number)
            out, err = asleep.communicate()

        assert asleep.returncode == status
        assert '"code": "interrupted"' in out
        assert "Traceback" not in err
        for each in (1, 2):
            shown = manage("show_run", each, "--json", **stored).json
            assert (shown["status"], shown["code"]) == ("CANCELED", "interrupted")

    def test_an_engine_that_is_killed_leaves_a_failed_run_and_no_ghost(
        self, stored: dict[str, str]
    ) -> None:
        words = ("--strategy", "sleeps", "--engines", "vectorbt", "--ladder")
        with start(*ASK, *words, **stored) as asleep:
            assert asleep.stdout is not None
            # Engine and rungs: whatever is asked, each sleeper is killed as it lies down.
            for line in asleep.stdout:
                if not line.startswith("asleep"):
                    break
                os.kill(int(line.split()[1]), signal.SIGKILL)
                time.sleep(0.1)
            asleep.communicate()

        assert asleep.returncode == 1
        assert '"code": "worker_lost"' in line
        shown = manage("show_run", 1, "--json", **stored).json
        assert (shown["status"], shown["code"]) == ("FAILED", "worker_lost")
