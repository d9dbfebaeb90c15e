import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from common.data_pipeline import importers
from common.data_pipeline.importers import layouts
from common.data_pipeline.importers.exceptions import UnknownLayout
from common.data_pipeline.rows import BarRows
from common.data_pipeline.tests.importing import (
    HEADER,
    HOUR_NS,
    NINE_NS,
    ROWS,
    read_all,
    write_csv,
)
from common.domain.timeframe import Timeframe

type Write = Callable[[pa.Table, Path], None]

KLINES = (
    "1571302800000,100,110,90,105,1.5,1571306399999,150.0,7,0.5,50.0,0",
    "1571306400000,105,115,95,110,2.5,1571309999999,250.0,9,0.5,50.0,0",
)
KLINES_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)


def assert_is_the_sample(bars: BarRows, n_bars: int = 3) -> None:
    assert bars.open_ns.tolist() == [NINE_NS + hour * HOUR_NS for hour in range(n_bars)]
    assert bars.open.tolist() == [100.0, 105.0, 110.0][:n_bars]
    assert bars.high.tolist() == [110.0, 115.0, 120.0][:n_bars]
    assert bars.low.tolist() == [90.0, 95.0, 100.0][:n_bars]
    assert bars.close.tolist() == [105.0, 110.0, 115.0][:n_bars]
    assert bars.volume.tolist() == [1.5, 2.5, 3.5][:n_bars]


def table(**columns: pa.Array) -> pa.Table:
    times = pa.array([NINE_NS, NINE_NS + HOUR_NS, NINE_NS + 2 * HOUR_NS])
    rows = {
        "date": times.cast(pa.timestamp("ns", "UTC")),
        "open": [100.0, 105.0, 110.0],
        "high": [110.0, 115.0, 120.0],
        "low": [90.0, 95.0, 100.0],
        "close": [105.0, 110.0, 115.0],
        "volume": [1.5, 2.5, 3.5],
    }
    return pa.table({**rows, **columns})


class TestText:
    @pytest.mark.parametrize(
        "header",
        [
            HEADER,
            "Timestamp,Open,High,Low,Close,Volume",
            "DATE,OPEN,HIGH,LOW,CLOSE,VOLUME",
            "open_time,open,high,low,close,volume",
            "Open Time,Open,High,Low,Close,Volume (BTC)",
            ",Open,High,Low,Close,Volume",
            "unix,open,high,low,close,Volume ETH",
            '"time","open","high","low","close","volume"',
        ],
    )
    def test_knows_the_columns_by_many_names(self, tmp_path: Path, header: str) -> None:
        assert_is_the_sample(read_all(write_csv(tmp_path, *ROWS, header=header)))

    def test_finds_columns_in_any_order_among_others(self, tmp_path: Path) -> None:
        header = "symbol,close,tradecount,volume_usdt,low,high,open,date,volume"
        rows = [
            f"BTCUSD,{close},9,1,{low},{high},{open_},{time},{volume}"
            for time, open_, high, low, close, volume in (row.split(",") for row in ROWS)
        ]

        assert_is_the_sample(read_all(write_csv(tmp_path, *rows, header=header)))

    @pytest.mark.parametrize("volumes", ["Volume BTC,Volume USD", "volume_eth,volume"])
    def test_takes_the_volume_that_is_not_in_the_quote_currency(
        self, tmp_path: Path, volumes: str
    ) -> None:
        rows = [f"{row},999" for row in ROWS]
        path = write_csv(tmp_path, *rows, header=f"date,open,high,low,close,{volumes}")

        assert_is_the_sample(read_all(path))

    def test_takes_the_base_volume_wherever_it_stands(self, tmp_path: Path) -> None:
        rows = [row.replace(",", ",999,", 1) for row in ROWS]
        path = write_csv(tmp_path, *rows, header="date,Volume USD,open,high,low,close,volume")

        assert_is_the_sample(read_all(path))

    def test_prefers_the_written_date_to_a_number_a_spreadsheet_has_rounded(
        self, tmp_path: Path
    ) -> None:
        rows = [f"1.57E+12,{row}" for row in ROWS]
        header = "unix,date,open,high,low,close,Volume BTC"

        assert_is_the_sample(read_all(write_csv(tmp_path, *rows, header=header)))

    def test_skips_banner_blank_lines_mark_and_carriage_returns(self, tmp_path: Path) -> None:
        path = tmp_path / "bars.csv"
        lines = ["Times are UTC,https://example.org", HEADER, ROWS[0], "", *ROWS[1:], "", "  "]
        path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())

        bars = read_all(path)

        assert_is_the_sample(bars)
        assert bars.lines.tolist() == [3, 5, 6]

    def test_reads_a_last_line_without_an_end(self, tmp_path: Path) -> None:
        path = tmp_path / "bars.csv"
        path.write_text("\n".join([HEADER, *ROWS]))

        assert_is_the_sample(read_all(path))

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_reads_other_delimiters(self, tmp_path: Path, delimiter: str) -> None:
        lines = [line.replace(",", delimiter) for line in (HEADER, *ROWS)]

        assert_is_the_sample(read_all(write_csv(tmp_path, *lines, header=None)))

    def test_reads_quoted_fields(self, tmp_path: Path) -> None:
        rows = [",".join(f'"{field}"' for field in row.split(",")) for row in ROWS]

        assert_is_the_sample(read_all(write_csv(tmp_path, *rows)))

    def test_reads_gzip_and_zip(self, tmp_path: Path) -> None:
        text = "\n".join([HEADER, *ROWS]).encode()
        packed = tmp_path / "bars.csv.gz"
        packed.write_bytes(gzip.compress(text))
        archive = tmp_path / "bars.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("bars.csv", text)

        assert_is_the_sample(read_all(packed))
        assert_is_the_sample(read_all(archive))

    @pytest.mark.parametrize("header", [KLINES_HEADER, None])
    def test_reads_binance_klines_with_and_without_header(
        self, tmp_path: Path, header: str | None
    ) -> None:
        bars = read_all(write_csv(tmp_path, *KLINES, header=header))

        assert_is_the_sample(bars, 2)
        assert bars.lines[0] == (1 if header is None else 2)

    def test_reads_kraken_files_which_have_no_header(self, tmp_path: Path) -> None:
        rows = ["1571302800,100,110,90,105,1.5,7", "1571306400,105,115,95,110,2.5,9"]

        assert_is_the_sample(read_all(write_csv(tmp_path, *rows, header=None)), 2)

    def test_numbers_lines_across_blocks(self, tmp_path: Path) -> None:
        n_rows = 150_000
        times = NINE_NS // 10**9 + 60 * np.arange(n_rows)
        rows = [f"{time},100.0,110.0,90.0,105.0,1.5" for time in times]
        path = write_csv(tmp_path, *rows)

        batches = list(importers.read_bars(path, Timeframe.M1))

        lines = np.concatenate([batch.lines for batch in batches])
        assert len(batches) > 1
        assert np.array_equal(lines, np.arange(2, n_rows + 2))
        assert np.array_equal(np.concatenate([b.open_ns for b in batches]), times * 10**9)


class TestTables:
    @pytest.mark.parametrize("write", [feather.write_feather, parquet.write_table])
    @pytest.mark.parametrize(
        "date",
        [
            pa.array([NINE_NS // 10**6 + n * HOUR_NS // 10**6 for n in range(3)]),
            pa.array([NINE_NS // 10**3 + n * HOUR_NS // 10**3 for n in range(3)]),
            pa.array([NINE_NS + n * HOUR_NS for n in range(3)]),
            pa.array([NINE_NS / 10**9 + n * 3_600.0 for n in range(3)]),
            pa.array([NINE_NS // 10**6 + n * HOUR_NS // 10**6 for n in range(3)]).cast(
                pa.timestamp("ms")
            ),
            pa.array([row.split(",")[0] for row in ROWS]),
        ],
    )
    def test_reads_times_of_any_type(self, tmp_path: Path, write: Write, date: pa.Array) -> None:
        write(table(date=date), tmp_path / "bars")

        assert_is_the_sample(read_all(tmp_path / "bars"))

    def test_reads_prices_that_are_not_floats(self, tmp_path: Path) -> None:
        texts = pa.array(["100", "105", "110"])
        feather.write_feather(table(open=texts, volume=pa.array([1, 2, 3])), tmp_path / "bars")

        bars = read_all(tmp_path / "bars")

        assert bars.open.tolist() == [100.0, 105.0, 110.0]
        assert bars.volume.tolist() == [1.0, 2.0, 3.0]

    def test_cuts_large_batches_and_numbers_rows_on(self, tmp_path: Path) -> None:
        n_rows = 200_000
        minutes = NINE_NS + 60_000_000_000 * np.arange(n_rows)
        columns = dict.fromkeys(("open", "high", "low", "close", "volume"), np.ones(n_rows))
        large = pa.table({"open_ns": minutes, **columns})
        feather.write_feather(large, tmp_path / "bars", chunksize=n_rows)

        batches = list(importers.read_bars(tmp_path / "bars", Timeframe.M1))

        assert max(map(len, batches)) == 65_536
        assert np.array_equal(
            np.concatenate([batch.lines for batch in batches]), np.arange(1, n_rows + 1)
        )


class TestUnknownColumns:
    def test_lists_what_was_found_and_what_is_known(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path, "1,2,3", header="time,price,amount")

        with pytest.raises(UnknownLayout, match="'time', 'price', 'amount'") as caught:
            read_all(path)

        assert caught.value.code == "unknown_layout"
        assert caught.value.extra["columns"] == ["time", "price", "amount"]
        assert caught.value.extra["known"] == [layout.name for layout in layouts.BAR_LAYOUTS]

    def test_refuses_a_column_that_stands_there_twice(self, tmp_path: Path) -> None:
        rows = [f"{row},1" for row in ROWS]

        with pytest.raises(UnknownLayout):
            read_all(write_csv(tmp_path, *rows, header=f"{HEADER},Close"))

    def test_refuses_tables_alike(self, tmp_path: Path) -> None:
        feather.write_feather(table().drop_columns(["close"]), tmp_path / "bars")

        with pytest.raises(UnknownLayout, match="'low', 'volume'"):
            read_all(tmp_path / "bars")

    def test_does_not_guess_the_columns_of_a_file_without_header(self, tmp_path: Path) -> None:
        # Some venues answer with low, high, open, close in this place.
        path = write_csv(tmp_path, "1571302800,100,110,90,105,1.5", header=None)

        with pytest.raises(UnknownLayout):
            read_all(path)
