import subprocess
import sys
from pathlib import Path

import pytest

from common.data_pipeline.importers import UnusableFile
from common.data_pipeline.pipeline import import_bars, import_funding, import_trades
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import HOUR, KEY
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

COINBASE = SeriesKey.bars(InstrumentId("BTC/USD", "COINBASE"), Timeframe.H1)
TRADES = SeriesKey(InstrumentId("XRP/ETH", "BINANCE"), SeriesKind.TRADES)
FUNDING = SeriesKey(InstrumentId("XRP/USDT:USDT", "BINANCEUSDM"), SeriesKind.FUNDING)


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path)


class TestImportBars:
    def test_stores_a_published_file(self, store: SeriesStore, sample_data: Path) -> None:
        path = sample_data / "coinbase_btcusd_1h.csv"

        report = import_bars(store, path, COINBASE)

        assert (report.rows, report.gaps, report.duplicates) == (20_111, 0, 0)
        assert format_utc(report.start_ns) == "2017-07-01T11:00:00Z"
        assert format_utc(report.end_ns) == "2019-10-17T10:00:00Z"
        bars = store.read_bars(COINBASE)
        # The file's own last line, and its third.
        assert (bars.open[0], bars.close[0], bars.volume[0]) == (2505.56, 2509.17, 114.6)
        assert (bars.open[-1], bars.close[-1], bars.volume[-1]) == (8051.0, 8035.88, 61.25)

    def test_the_same_file_again_changes_nothing(
        self, store: SeriesStore, sample_data: Path
    ) -> None:
        path = sample_data / "coinbase_btcusd_1h.csv"
        first = import_bars(store, path, COINBASE)

        second = import_bars(store, path, COINBASE)

        assert (second.rows, second.added, second.hash) == (first.rows, 0, first.hash)
        assert store.manifest(COINBASE).version == 1

    def test_counts_the_holes_of_a_file(self, store: SeriesStore, sample_data: Path) -> None:
        key = SeriesKey.bars(InstrumentId("ZEC/BTC", "BINANCE"), Timeframe.M5)

        report = import_bars(store, sample_data / "freqtrade_ZEC_BTC_5m.feather", key)

        expected = (report.end_ns - report.start_ns) // (HOUR // 12)
        assert (report.rows, report.gaps) == (5_757, expected - 5_757)

    def test_a_file_that_is_not_there_is_no_fault_of_the_store(
        self, store: SeriesStore, tmp_path: Path
    ) -> None:
        with pytest.raises(UnusableFile, match=r"absent\.csv"):
            import_bars(store, tmp_path / "absent.csv", KEY)

        assert list(store.root.iterdir()) == []

    def test_needs_a_series_of_bars(self, store: SeriesStore, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match="trades holds no bars"):
            import_bars(store, tmp_path / "any.csv", TRADES)


class TestImportTrades:
    def test_stores_a_published_file(self, store: SeriesStore, sample_data: Path) -> None:
        path = sample_data / "binance_XRP_ETH_trades.feather"

        report = import_trades(store, path, TRADES)

        assert (report.rows, report.gaps) == (12_477, 0)
        first = store.read_table(TRADES, end_ns=report.start_ns + 1).to_pylist()
        assert [row["id"] for row in first] == ["13519807", "13519808"]
        assert first[0] == {
            "ts_ns": 1_570_752_011_620_000_000,
            "id": "13519807",
            "price": 0.00141342,
            "quantity": 23.0,
            "side": -1,
        }

    def test_the_same_file_again_changes_nothing(
        self, store: SeriesStore, sample_data: Path
    ) -> None:
        path = sample_data / "binance_XRP_ETH_trades.feather"
        first = import_trades(store, path, TRADES)

        second = import_trades(store, path, TRADES)

        assert (second.added, second.hash) == (0, first.hash)
        assert store.manifest(TRADES).version == 1


class TestImportFunding:
    def test_stores_a_published_file(self, store: SeriesStore, sample_data: Path) -> None:
        path = sample_data / "binanceusdm_XRP_USDT_8h_funding_rate.feather"

        report = import_funding(store, path, FUNDING)

        table = store.read_table(FUNDING)
        assert report.rows == len(table) == 91
        assert table.slice(0, 1).to_pylist() == [
            {"ts_ns": 1_637_193_600_017_000_000, "rate": 0.0001}
        ]

    def test_needs_a_series_of_funding_rates(self, store: SeriesStore, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match="does not hold funding"):
            import_funding(store, tmp_path / "any.feather", TRADES)


class TestWhatIsLoaded:
    def run(self, code: str) -> str:
        checked = f"import sys\n{code}\nprint(*sorted({{'pandas', 'pyarrow'}} & set(sys.modules)))"
        command = [sys.executable, "-c", checked]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def test_importing_the_store_loads_neither_arrow_nor_pandas(self) -> None:
        assert self.run("from common.data_pipeline import export, resample, store") == ""

    def test_using_it_does_not_load_pandas(self, tmp_path: Path) -> None:
        code = f"""
from pathlib import Path
from common.data_pipeline.export import export_bars
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, hours, rows_at
store = SeriesStore(Path({str(tmp_path)!r}))
store.merge_bars(KEY, [rows_at(hours(2, 1, 1))])
store.merge_bars(KEY, [rows_at(hours(2, 3, 1))])
store.read_bars(KEY, 0, 2**62)
for name in ("csv", "parquet", "freqtrade"):
    export_bars(store, KEY, format=name, output=store.root / name)
"""
        assert self.run(code) == "pyarrow"

    def test_importing_a_file_does_not_load_pandas(
        self, tmp_path: Path, sample_data: Path
    ) -> None:
        code = f"""
from pathlib import Path
from common.data_pipeline import pipeline
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
store, sample = SeriesStore(Path({str(tmp_path)!r})), Path({str(sample_data)!r})
irregular = store.root / "irregular.csv"
irregular.write_bytes(b"time,open,high,low,close,volume\\n1571302800, 1,2,1,2,3\\n")
bars = {{
    sample / "coinbase_btcusd_1h.csv": "1h",
    sample / "bitfinex_btcusd_1h.csv": "1h",
    sample / "ftx_btcperp_1m.csv": "1m",
    sample / "freqtrade_ZEC_BTC_5m.feather": "5m",
    irregular: "12h",
}}
for number, (path, timeframe) in enumerate(bars.items()):
    key = SeriesKey.bars(InstrumentId("BTC/USD", f"V{{number}}"), Timeframe(timeframe))
    pipeline.import_bars(store, path, key)
instrument = InstrumentId("XRP/USDT:USDT", "BINANCE")
trades, funding = (SeriesKey(instrument, kind) for kind in (SeriesKind.TRADES, SeriesKind.FUNDING))
pipeline.import_trades(store, sample / "binance_XRP_ETH_trades.feather", trades)
rates = sample / "binanceusdm_XRP_USDT_8h_funding_rate.feather"
pipeline.import_funding(store, rates, funding)
"""
        assert self.run(code) == "pyarrow"
