"""A user brings files into the store, looks at them, and gets them out again."""

import csv
from pathlib import Path
from typing import Any

import pytest

from exchanges.models import Instrument, Series
from tests.e2e.terminal import run

# File, venue, instrument, timeframe; rows and missing bars, as the publishers' files have them.
BARS = [
    ("coinbase_btcusd_1h.csv", "COINBASE", "BTC/USD", "1h", 20_111, 0),
    ("bitfinex_btcusd_1h.csv", "BITFINEX", "BTC/USD", "1h", 17_583, 0),
    ("ftx_btcperp_1m.csv", "FTX", "BTC/USD:USD", "1m", 45_031, 0),
    ("freqtrade_ETH_BTC_5m.feather", "BINANCE", "ETH/BTC", "5m", 5_760, 0),
    ("freqtrade_ZEC_BTC_5m.feather", "BINANCE", "ZEC/BTC", "5m", 5_757, 2),
    ("binanceusdm_XRP_USDT_1h.feather", "BINANCE", "XRP/USDT:USDT", "1h", 100, 0),
]


@pytest.fixture
def coinbase(sample_data: Path) -> Any:
    done = run(
        "import_bars", sample_data / "coinbase_btcusd_1h.csv", "--venue", "COINBASE",
        "--instrument", "BTC/USD", "--timeframe", "1h", "--json",
    )  # fmt: skip
    return done.json


class TestImportBars:
    @pytest.mark.parametrize(("name", "venue", "symbol", "timeframe", "rows", "gaps"), BARS)
    def test_stores_what_the_publisher_wrote(
        self,
        sample_data: Path,
        name: str,
        venue: str,
        symbol: str,
        timeframe: str,
        rows: int,
        gaps: int,
    ) -> None:
        done = run(
            "import_bars", sample_data / name, "--venue", venue, "--instrument", symbol,
            "--timeframe", timeframe, "--json",
        )  # fmt: skip

        assert (done.status, done.err) == (0, "")
        assert (done.json["rows"], done.json["gaps"]) == (rows, gaps)
        assert Series.objects.get().rows == rows

    def test_states_the_range_by_open_of_the_first_and_close_of_the_last(
        self, coinbase: dict[str, Any]
    ) -> None:
        assert coinbase["start"] == "2017-07-01T11:00:00Z"
        assert coinbase["end"] == "2019-10-17T10:00:00Z"

    def test_changes_nothing_the_second_time(
        self, coinbase: dict[str, Any], sample_data: Path, installation: Path
    ) -> None:
        before = {p: p.stat().st_mtime_ns for p in (installation / "market_data").rglob("*")}

        again = run(
            "import_bars", sample_data / "coinbase_btcusd_1h.csv",
            "--instrument", "BTC/USD.COINBASE", "--timeframe", "1h", "--json",
        )  # fmt: skip

        assert again.json == {**coinbase, "added": 0}
        files = {p: p.stat().st_mtime_ns for p in before if p.suffix in {".parquet", ".json"}}
        assert files == {p: before[p] for p in files}

    def test_refuses_a_file_that_disagrees_and_shows_where(
        self, coinbase: dict[str, Any], sample_data: Path, tmp_path: Path
    ) -> None:
        lines = (sample_data / "coinbase_btcusd_1h.csv").read_text().splitlines()
        changed = tmp_path / "changed.csv"
        changed.write_text("\n".join([*lines[:2], lines[2].replace("8051,", "8050,", 1)]) + "\n")
        words = (
            "import_bars", changed, "--venue", "COINBASE", "--instrument", "BTC/USD",
            "--timeframe", "1h", "--json",
        )  # fmt: skip

        refused = run(*words)

        assert refused.status == 1
        assert refused.json["code"] == "stored_bars_differ"
        assert "8051" in refused.json["detail"]
        assert "8050" in refused.json["detail"]
        assert run(*words, "--replace").json["replaced"] == 1

    def test_records_the_sizes_that_are_stated(self, sample_data: Path) -> None:
        run(
            "import_bars", sample_data / "coinbase_btcusd_1h.csv", "--venue", "COINBASE",
            "--instrument", "BTC/USD", "--timeframe", "1h", "--tick", "0.01", "--lot", "0.0001",
        )  # fmt: skip

        sizes = Instrument.objects.get().spec
        assert (str(sizes.tick), str(sizes.lot), sizes.min_notional) == ("0.01", "0.0001", None)

    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (["--instrument", "BTCUSD", "--timeframe", "1h"], 2, "invalid_instrument"),
            (["--instrument", "BTC/USD", "--timeframe", "7m"], 2, "invalid_argument"),
            (["--instrument", "BTC/USD:BTC", "--timeframe", "1h"], 2, "invalid_instrument"),
            (["--instrument", "BTC/USD", "--timeframe", "1m"], 1, "timeframe_mismatch"),
        ],
    )
    def test_names_what_is_wrong_with_the_arguments(
        self, sample_data: Path, words: list[str], status: int, code: str
    ) -> None:
        file = sample_data / "coinbase_btcusd_1h.csv"

        done = run("import_bars", file, "--venue", "COINBASE", *words, "--json")

        assert (done.status, done.json["code"]) == (status, code)
        assert done.err.startswith(f"{code}: ")
        assert not Series.objects.exists()

    def test_refuses_to_call_a_file_synthetic(self, sample_data: Path) -> None:
        done = run(
            "import_bars", sample_data / "coinbase_btcusd_1h.csv", "--venue", "SYNTH",
            "--instrument", "BTC/USD", "--timeframe", "1h", "--json",
        )  # fmt: skip

        assert (done.status, done.json["code"]) == (1, "synthetic_venue")


class TestOtherKinds:
    def test_imports_public_trades(self, sample_data: Path) -> None:
        done = run(
            "import_trades", sample_data / "binance_XRP_ETH_trades.feather",
            "--instrument", "XRP/ETH.BINANCE", "--json",
        )  # fmt: skip

        assert (done.status, done.json["rows"]) == (0, 12_477)

    def test_imports_funding_rates(self, sample_data: Path) -> None:
        done = run(
            "import_funding", sample_data / "binanceusdm_XRP_USDT_8h_funding_rate.feather",
            "--instrument", "XRP/USDT:USDT.BINANCE", "--json",
        )  # fmt: skip

        assert (done.status, done.json["rows"]) == (0, 91)


class TestListSeries:
    def test_lists_what_the_manifests_say(self, coinbase: dict[str, Any]) -> None:
        listed = run("list_series", "--json").json["series"]

        assert [(row["series"], row["rows"], row["gaps"]) for row in listed] == [
            ("BTC/USD.COINBASE bars-1h", 20_111, 0)
        ]

    def test_writes_rows_that_a_killed_process_did_not(self, coinbase: dict[str, Any]) -> None:
        Series.objects.all().delete()

        run("list_series")

        assert Series.objects.get().rows == 20_111


class TestCheckSeries:
    def test_says_that_two_venues_are_copies_but_for_one_bar(
        self, coinbase: dict[str, Any], sample_data: Path
    ) -> None:
        run(
            "import_bars", sample_data / "bitfinex_btcusd_1h.csv", "--venue", "BITFINEX",
            "--instrument", "BTC/USD", "--timeframe", "1h",
        )  # fmt: skip

        done = run(
            "check_series", "--instrument", "BTC/USD.COINBASE", "--timeframe", "1h",
            "--against", "BITFINEX",
        )  # fmt: skip

        assert done.status == 0
        assert "these two series are copies: 17,582 of 17,583 common bars" in done.out
        assert "the copies COINBASE and BITFINEX differ: 1" in done.out

    def test_fails_on_a_series_that_does_not_exist(self, coinbase: dict[str, Any]) -> None:
        done = run(
            "check_series", "--instrument", "ETH/USD.COINBASE", "--timeframe", "1h", "--json"
        )

        assert (done.status, done.json["code"]) == (1, "series_not_found")
        assert "BTC/USD" in done.json["detail"]


class TestExportBars:
    def test_writes_csv_that_imports_to_the_same_hash(
        self, coinbase: dict[str, Any], tmp_path: Path
    ) -> None:
        target = tmp_path / "out.csv"
        done = run(
            "export_bars", "--instrument", "BTC/USD.COINBASE", "--timeframe", "1h",
            "--format", "csv", "--output", target, "--json",
        )  # fmt: skip
        rows = list(csv.reader(target.read_text().splitlines()))

        again = run(
            "import_bars", target, "--venue", "COPY", "--instrument", "BTC/USD",
            "--timeframe", "1h", "--json",
        )  # fmt: skip

        assert done.json["rows"] == 20_111
        assert rows[:2] == [
            ["time", "open", "high", "low", "close", "volume"],
            ["2017-07-01T11:00:00Z", "2505.56", "2513.38", "2495.12", "2509.17", "114.6"],
        ]
        assert again.json["hash"] == coinbase["hash"]
