import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from common.data_pipeline.exceptions import NoRows, OutputExists, StoreUnavailable
from common.data_pipeline.export import FORMATS, csv_header, csv_lines, export_bars
from common.data_pipeline.pipeline import import_bars
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import HOUR, KEY, START, bars_at, hours, rows_at, table_of
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe

NAMES = ("open", "high", "low", "close", "volume")
SUFFIXES = {"csv": ".csv", "parquet": ".parquet", "freqtrade": ".feather"}


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    store = SeriesStore(tmp_path / "store")
    store.merge_bars(KEY, [rows_at(hours(0, 1, 2, 4))])
    return store


class TestCsv:
    def test_writes_utc_times_and_the_shortest_numbers(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path / "store")
        values = [0.1, 0.30000000000000004, 0.00003817, 123456789.12345679, 100.0]
        prices = {name: np.array([value]) for name, value in zip(NAMES, values, strict=True)}
        store.merge_bars(KEY, [BarRows(open_ns=hours(0), **prices, lines=np.array([1]))])

        export_bars(store, KEY, format="csv", output=tmp_path / "bars.csv")

        assert (tmp_path / "bars.csv").read_bytes() == (
            b"time,open,high,low,close,volume\n"
            b"2024-01-31T22:00:00Z,0.1,0.30000000000000004,0.00003817,123456789.12345679,100\n"
        )

    def test_keeps_fractions_of_a_second(self) -> None:
        line = csv_lines(bars_at(hours(0) + 17_000_000)).decode()

        assert line.startswith("2024-01-31T22:00:00.017000000Z,")

    def test_of_no_bars_has_no_lines(self) -> None:
        assert csv_lines(bars_at(hours())) == b""

    def test_is_the_same_in_memory(self, store: SeriesStore, tmp_path: Path) -> None:
        export_bars(store, KEY, format="csv", output=tmp_path / "bars.csv")

        expected = csv_header() + csv_lines(store.read_bars(KEY))

        assert (tmp_path / "bars.csv").read_bytes() == expected


class TestFreqtrade:
    def test_has_the_columns_of_freqtrade_s_own_files(
        self, store: SeriesStore, tmp_path: Path, sample_data: Path
    ) -> None:
        export_bars(store, KEY, format="freqtrade", output=tmp_path / "BTC_USDT-1h.feather")

        theirs = pyarrow.feather.read_table(sample_data / "freqtrade_ETH_BTC_5m.feather")
        ours = pyarrow.feather.read_table(tmp_path / "BTC_USDT-1h.feather")
        assert ours.schema.equals(theirs.schema.remove_metadata())

    def test_is_read_by_pandas_as_freqtrade_does(self, store: SeriesStore, tmp_path: Path) -> None:
        pandas = pytest.importorskip("pandas")
        export_bars(store, KEY, format="freqtrade", output=tmp_path / "bars.feather")

        frame = pandas.read_feather(tmp_path / "bars.feather")

        assert list(frame["date"].astype("int64")) == hours(0, 1, 2, 4).tolist()
        assert str(frame["date"].dt.tz) == "UTC"


class TestExportBars:
    @pytest.mark.parametrize("format_name", FORMATS)
    def test_is_imported_again_to_the_same_hash(
        self, tmp_path: Path, sample_data: Path, format_name: str
    ) -> None:
        key = SeriesKey.bars(InstrumentId("ZEC/BTC", "BINANCE"), Timeframe.M5)
        store = SeriesStore(tmp_path / "store")
        report = import_bars(store, sample_data / "freqtrade_ZEC_BTC_5m.feather", key)
        output = tmp_path / f"bars{SUFFIXES[format_name]}"

        rows = export_bars(store, key, format=format_name, output=output)

        again = import_bars(SeriesStore(tmp_path / "again"), output, key)
        assert rows == report.rows == 5_757
        assert again == report

    def test_writes_the_bars_of_the_period(self, store: SeriesStore, tmp_path: Path) -> None:
        rows = export_bars(
            store,
            KEY,
            start_ns=START + HOUR,
            end_ns=START + 3 * HOUR,
            format="parquet",
            output=tmp_path / "bars.parquet",
        )

        table = pyarrow.parquet.read_table(tmp_path / "bars.parquet")
        assert rows == 2
        assert table.column("time").cast(pa.int64()).to_pylist() == hours(1, 2).tolist()
        assert table.column("close").to_pylist() == bars_at(hours(1, 2)).close.tolist()

    def test_refuses_to_overwrite_unless_told(self, store: SeriesStore, tmp_path: Path) -> None:
        output = tmp_path / "bars.csv"
        output.write_text("precious")

        with pytest.raises(OutputExists, match=r"bars\.csv exists"):
            export_bars(store, KEY, format="csv", output=output)
        assert output.read_text() == "precious"

        export_bars(store, KEY, format="csv", output=output, overwrite=True)
        assert output.read_text().startswith("time,open")

    def test_replaces_nothing_but_files(self, store: SeriesStore, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")

        for output in (tmp_path, tmp_path / "pipe"):
            with pytest.raises(InvalidArgument, match=f"{output} is not a file"):
                export_bars(store, KEY, format="csv", output=output, overwrite=True)

        assert (tmp_path / "pipe").is_fifo()

    def test_of_a_period_without_bars_writes_nothing(
        self, store: SeriesStore, tmp_path: Path
    ) -> None:
        with pytest.raises(NoRows, match="holds no bar in the period"):
            export_bars(store, KEY, end_ns=START, format="csv", output=tmp_path / "bars.csv")

        assert [path.name for path in tmp_path.iterdir()] == ["store"]

    def test_refuses_an_unknown_format(self, store: SeriesStore, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgument, match="known: csv freqtrade parquet"):
            export_bars(store, KEY, format="xlsx", output=tmp_path / "bars.xlsx")

    def test_names_a_folder_that_is_not_there(self, store: SeriesStore, tmp_path: Path) -> None:
        output = tmp_path / "missing" / "bars.csv"

        with pytest.raises(StoreUnavailable, match=str(output)):
            export_bars(store, KEY, format="csv", output=output)

    def test_leaves_the_stored_bars_alone(self, store: SeriesStore, tmp_path: Path) -> None:
        export_bars(store, KEY, format="csv", output=tmp_path / "bars.csv")

        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0, 1, 2, 4)))
