"""Runs that are asked wrongly, stopped, or that lost their files."""

import signal
from pathlib import Path

import pytest

from common.domain.enums import RunStatus
from research.models import Run
from tests.e2e.terminal import manage, run, start

pytestmark = pytest.mark.engine("vectorbt")

SERIES = ("--instrument", "BTC/USD.COINBASE", "--timeframe", "1h")
ASK = ("run_backtest", "--engine", "vectorbt", *SERIES, "--json")
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


@pytest.fixture
def coinbase(sample_data: Path) -> None:
    run("import_bars", sample_data / "coinbase_btcusd_1h.csv", *SERIES)


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
            ["--seed", 2**63],
            ["--seed=-1"],
            ["--cash", "1e30"],
            ["--cash", "1e-19"],
            ["--fee-rate", "1e-25"],
            ["--slippage-bps", "7.77777777777777777"],
            ["--experiment", "x" * 121],
            ["--sizing", "fixed_notional=inf"],
            ["--sizing", "fixed_quantity=nan"],
            ["--param", "fast=nan"],
        ],
    )
    def test_a_value_out_of_range_is_named_and_exits_with_2(self, words: list[str]) -> None:
        done = run(*ASK, "--strategy", "sma_cross", *words)

        assert (done.status, set(done.json)) == (2, {"code", "detail", "extra"})
        assert not Run.objects.exists()

    @pytest.mark.parametrize("option", ["--fee-rate", "--maker-fee-rate", "--slippage-bps"])
    @pytest.mark.parametrize("word", ["abc", "nan", "sNaN", "inf", "1e9999999", "-1e9999999"])
    def test_a_rate_that_is_no_number_exits_with_2(self, option: str, word: str) -> None:
        assert run(*ASK, "--strategy", "sma_cross", f"{option}={word}").status == 2


@pytest.mark.usefixtures("coinbase")
class TestArtefacts:
    @pytest.fixture
    def done(self, installation: Path) -> int:
        number: int = run(*ASK, "--strategy", "sma_cross").json["run_id"]
        for path in (installation / "artefacts").rglob("*-fills.parquet"):
            path.unlink()
        return number

    def test_a_missing_file_is_an_error_where_it_is_shown(self, done: int) -> None:
        shown = run("show_run", done, "--json")

        assert (shown.status, shown.json["code"]) == (1, "artefact_damaged")

    def test_a_missing_file_is_none_where_it_is_not(self, done: int) -> None:
        assert run("show_run", done, "--json", "--no-fills").status == 0
        assert "393.39%" in run("show_run", done).out

    def test_a_row_that_lost_its_file_does_not_say_no_fills(self, done: int) -> None:
        Run.objects.get(pk=done).artefacts.all().delete()

        assert run("show_run", done, "--json").json["code"] == "artefact_damaged"

    def test_a_run_without_facts_has_no_fills_to_show(self) -> None:
        document = run(*ASK, "--strategy", "sma_cross", "--param", "allow_short=true").json

        assert (document["status"], document["fills"]) == ("REFUSED", None)


@pytest.mark.slow
@pytest.mark.timeout(120)
class TestProcesses:
    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_cancels_the_run_in_one_sentence(
        self, stored: dict[str, str], number: int, status: int
    ) -> None:
        with start(*ASK, "--strategy", "sleeps", **stored) as asleep:
            assert asleep.stdout is not None
            assert asleep.stdout.readline() == "asleep\n"
            asleep.send_signal(number)
            out, err = asleep.communicate()

        shown = manage("show_run", 1, "--json", **stored).json
        assert asleep.returncode == status
        assert '"code": "interrupted"' in out
        assert "Traceback" not in err
        assert (shown["status"], shown["code"]) == (RunStatus.CANCELED, "interrupted")

    def test_runs_and_an_import_at_once_all_come_through(
        self, stored: dict[str, str], sample_data: Path
    ) -> None:
        asked = [
            start(*ASK, "--strategy", "sma_cross", "--param", f"fast={fast}", **stored)
            for fast in (5, 6)
        ]
        file = sample_data / "freqtrade_ETH_BTC_5m.feather"
        series = ("--instrument", "ETH/BTC.BINANCE", "--timeframe", "5m")
        imported = manage("import_bars", file, *series, **stored)

        ended = [process.communicate() for process in asked]
        assert [process.returncode for process in asked] == [0, 0], ended
        assert imported.status == 0
        assert manage("show_run", 2, "--json", "--no-fills", **stored).json["trials"] == 2


def test_wrong_words_are_one_document_too_where_that_is_asked_for() -> None:
    done = manage("run_backtest", "--engine", "vectorbt", "--json")

    assert done.status == 2
    assert done.json["code"] == "invalid_argument"
    assert "--instrument" in done.json["detail"]
    assert manage("run_backtest", "--engine", "vectorbt").out == ""
