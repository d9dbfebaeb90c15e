import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from common.data_pipeline import importers
from common.data_pipeline.importers.exceptions import (
    FileDamaged,
    FileEmpty,
    FileMissing,
    InvalidPrice,
    InvalidQuantity,
    TimeframeMismatch,
    UnreadableNumber,
    UnreadableTime,
)
from common.data_pipeline.tests.importing import HEADER, NINE_NS, ROWS, read_all, write_csv
from common.domain.errors import InvalidInput
from common.domain.timeframe import Timeframe

type Write = Callable[[pa.Table, Path], None]


def bars_table(n_rows: int = 1_000, **columns: object) -> pa.Table:
    times = [NINE_NS + 3_600_000_000_000 * row for row in range(n_rows)]
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), [1.0] * n_rows)
    return pa.table({"date": pa.array(times).cast(pa.timestamp("ns", "UTC")), **prices, **columns})


class TestFiles:
    def test_refuses_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileMissing, match=r"nothing\.csv: there is no such file"):
            read_all(tmp_path / "nothing.csv")

    def test_refuses_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileMissing, match="Is a directory"):
            read_all(tmp_path)

    def test_refuses_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")

        with pytest.raises(FileMissing, match="pipe: is a pipe or a device"):
            read_all(tmp_path / "pipe")

    @pytest.mark.parametrize("text", ["", "\n\n", "\r\n", "\ufeff"])
    def test_refuses_an_empty_file(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "bars.csv").write_text(text)

        with pytest.raises(FileEmpty, match=r"bars\.csv: is empty") as caught:
            read_all(tmp_path / "bars.csv")

        assert caught.value.code == "no_rows"
        assert isinstance(caught.value, InvalidInput)

    @pytest.mark.parametrize("text", [HEADER, f"{HEADER}\n", f"banner\n{HEADER}\r\n\r\n"])
    def test_refuses_a_header_alone(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "bars.csv").write_bytes(text.encode())

        with pytest.raises(FileEmpty, match=r"bars\.csv: holds no rows"):
            read_all(tmp_path / "bars.csv")

    @pytest.mark.parametrize("write", [feather.write_feather, parquet.write_table])
    def test_refuses_a_table_without_rows(self, tmp_path: Path, write: Write) -> None:
        write(bars_table(0), tmp_path / "bars")

        with pytest.raises(FileEmpty, match="bars: holds no rows"):
            read_all(tmp_path / "bars")

    @pytest.mark.parametrize("write", [feather.write_feather, parquet.write_table])
    @pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
    def test_refuses_a_table_that_is_cut_off(
        self, tmp_path: Path, write: Write, kept: float
    ) -> None:
        path = tmp_path / "bars"
        write(bars_table(), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * kept)])

        with pytest.raises(FileDamaged, match="bars: is cut off or damaged") as caught:
            read_all(path)

        assert caught.value.code == "file_damaged"

    def test_refuses_a_table_that_is_damaged_in_the_middle(self, tmp_path: Path) -> None:
        path = tmp_path / "bars"
        feather.write_feather(bars_table(), path)
        content = bytearray(path.read_bytes())
        content[400:3_000] = bytes(2_600)
        path.write_bytes(content)

        with pytest.raises(FileDamaged):
            read_all(path)

    def test_refuses_a_table_whose_names_are_damaged(self, tmp_path: Path) -> None:
        feather.write_feather(bars_table(), tmp_path / "bars")
        content = (tmp_path / "bars").read_bytes()
        (tmp_path / "bars").write_bytes(content.replace(b"volume", b"\xefolume"))

        with pytest.raises(FileDamaged, match="is cut off or damaged"):
            read_all(tmp_path / "bars")

    def test_refuses_gzip_that_is_cut_off(self, tmp_path: Path) -> None:
        path = tmp_path / "bars.csv.gz"
        path.write_bytes(gzip.compress("\n".join([HEADER, *ROWS]).encode())[:-12])

        with pytest.raises(FileDamaged, match="the compressed data is cut off"):
            read_all(path)

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("\n".join([HEADER, *ROWS]).encode("utf-16"), "UTF-16"),
            (bytes(range(256)) * 50, "neither text nor a table"),
            (b"FEA1" + bytes(100), "version 1"),
        ],
    )
    def test_says_what_a_file_is_that_it_does_not_read(
        self, tmp_path: Path, content: bytes, problem: str
    ) -> None:
        path = tmp_path / "bars"
        path.write_bytes(content)

        with pytest.raises(FileDamaged, match=problem):
            read_all(path)

    def test_refuses_lines_that_end_with_a_carriage_return_alone(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path, *ROWS, end="\r")

        with pytest.raises(FileDamaged, match=r"bars\.csv: has lines that do not end with LF"):
            read_all(path)


class TestRows:
    def test_refuses_a_last_line_that_is_cut_off(self, tmp_path: Path) -> None:
        path = tmp_path / "bars.csv"
        path.write_text("\n".join([HEADER, *ROWS])[: -len("100,115,3.5")])

        with pytest.raises(FileDamaged, match=r"bars\.csv, line 4: 4 fields, there must be 6"):
            read_all(path)

    def test_refuses_a_real_file_that_is_cut_off(self, sample_data: Path, tmp_path: Path) -> None:
        path = tmp_path / "coinbase.csv"
        path.write_bytes((sample_data / "coinbase_btcusd_1h.csv").read_bytes()[:500_000])

        with pytest.raises(FileDamaged, match="fields, there must be 8"):
            read_all(path)

    def test_refuses_a_line_with_a_field_too_many(self, tmp_path: Path) -> None:
        with pytest.raises(FileDamaged, match="line 3: 7 fields, there must be 6"):
            read_all(write_csv(tmp_path, ROWS[0], f"{ROWS[1]},7", ROWS[2]))

    def test_refuses_a_line_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path, *ROWS)
        path.write_bytes(path.read_bytes().replace(b"105,115", b"10\xff,115"))

        with pytest.raises(FileDamaged, match="line 3: is not UTF-8"):
            read_all(path)

    @pytest.mark.parametrize("text", ["", "n/a", "1_000", "0x10", "1.2.3", "12 USD", "NULL"])
    def test_refuses_what_is_not_a_number(self, tmp_path: Path, text: str) -> None:
        path = write_csv(tmp_path, ROWS[0], "", ROWS[1].replace("115", text), ROWS[2])

        with pytest.raises(UnreadableNumber, match=r"bars\.csv, line 4: high is") as caught:
            read_all(path)

        assert caught.value.code == "unreadable_number"
        assert caught.value.extra == {"file": "bars.csv", "line": 4}

    @pytest.mark.parametrize("value", ["nan", "NaN", "0", "-5", "inf", "-inf", "1e999"])
    @pytest.mark.parametrize("column", [1, 2, 3, 4])
    def test_refuses_what_is_not_a_price(self, tmp_path: Path, value: str, column: int) -> None:
        fields = ROWS[1].split(",")
        fields[column] = value
        path = write_csv(tmp_path, ROWS[0], ",".join(fields), ROWS[2])

        with pytest.raises(InvalidPrice, match=r"line 3: .* must be positive and fin") as caught:
            read_all(path)

        assert HEADER.split(",")[column] in caught.value.detail
        assert caught.value.code == "invalid_price"

    @pytest.mark.parametrize("value", ["-0.1", "nan", "inf"])
    def test_refuses_what_is_not_a_volume(self, tmp_path: Path, value: str) -> None:
        path = write_csv(tmp_path, ROWS[0], ROWS[1].replace("2.5", value), ROWS[2])

        with pytest.raises(InvalidQuantity, match="line 3: volume is") as caught:
            read_all(path)

        assert caught.value.code == "invalid_quantity"

    def test_accepts_a_bar_without_trades(self, tmp_path: Path) -> None:
        assert read_all(write_csv(tmp_path, ROWS[0].replace("1.5", "0"))).volume[0] == 0

    def test_names_the_first_of_several_faults(self, tmp_path: Path) -> None:
        path = write_csv(
            tmp_path, ROWS[0], ROWS[1].replace("110", "-1"), ROWS[2].replace("120", "-1")
        )

        with pytest.raises(InvalidPrice, match=r"line 3: close is -1\.0"):
            read_all(path)

    def test_leaves_disorder_within_a_bar_to_the_quality_report(self, tmp_path: Path) -> None:
        bars = read_all(write_csv(tmp_path, ROWS[0].replace("110", "50")))

        assert bars.high[0] < bars.low[0]

    @pytest.mark.parametrize("value", [None, float("nan"), -1.0])
    def test_names_the_row_of_a_table(self, tmp_path: Path, value: float | None) -> None:
        prices: list[float | None] = [1.0] * 1_000
        prices[700] = value
        feather.write_feather(bars_table(close=prices), tmp_path / "bars")

        with pytest.raises(InvalidPrice, match="bars, row 701: close is") as caught:
            read_all(tmp_path / "bars")

        assert caught.value.extra["row"] == 701

    def test_refuses_a_row_without_a_time(self, tmp_path: Path) -> None:
        times = [NINE_NS, None]
        feather.write_feather(bars_table(2, date=pa.array(times)), tmp_path / "bars")

        with pytest.raises(UnreadableTime, match="row 2: there is no time"):
            read_all(tmp_path / "bars")

    def test_refuses_a_column_of_another_type(self, tmp_path: Path) -> None:
        feather.write_feather(bars_table(2, close=["high", "low"]), tmp_path / "bars")

        with pytest.raises(UnreadableNumber, match="close is string"):
            read_all(tmp_path / "bars")


class TestTimeframe:
    @pytest.mark.parametrize(("wrong", "step"), [("5m", "1m"), ("1h", "1m"), ("1d", "1m")])
    def test_refuses_minutes_as_longer_bars(
        self, sample_data: Path, wrong: str, step: str
    ) -> None:
        with pytest.raises(TimeframeMismatch, match=f"smallest step between rows is {step}") as e:
            read_all(sample_data / "ftx_btcperp_1m.csv", Timeframe(wrong))

        assert e.value.code == "timeframe_mismatch"
        assert e.value.extra["smallest_step_seconds"] == 60

    def test_refuses_hours_as_minutes(self, sample_data: Path) -> None:
        with pytest.raises(TimeframeMismatch, match="smallest step between rows is 1h"):
            read_all(sample_data / "bitfinex_btcusd_1h.csv", Timeframe.M1)

    def test_refuses_half_hours_as_hours(self, tmp_path: Path) -> None:
        rows = [f"{NINE_NS // 10**9 + 1_800 * n},1,1,1,1,1" for n in range(20)]

        with pytest.raises(TimeframeMismatch, match=r"10 of 20 rows .* smallest step .* 30m"):
            read_all(write_csv(tmp_path, *rows))

    def test_refuses_weeks_that_begin_on_sunday(self, tmp_path: Path) -> None:
        # 2019-10-20 was a Sunday.
        rows = [f"{1_571_529_600 + 604_800 * n},1,1,1,1,1" for n in range(12)]

        with pytest.raises(TimeframeMismatch, match="grid of weeks from Monday"):
            read_all(write_csv(tmp_path, *rows), Timeframe.W1)

    def test_leaves_a_few_rows_off_the_grid_to_the_quality_report(self, tmp_path: Path) -> None:
        rows = [f"{NINE_NS // 10**9 + 3_600 * n},1,1,1,1,1" for n in range(20)]
        rows[7] = f"{NINE_NS // 10**9 + 3_600 * 7 + 90},1,1,1,1,1"

        assert len(read_all(write_csv(tmp_path, *rows))) == 20

    def test_accepts_a_few_bars_far_apart(self, tmp_path: Path) -> None:
        assert len(read_all(write_csv(tmp_path, ROWS[0], ROWS[2]))) == 2


class TestLaziness:
    def test_yields_before_the_end_is_read(self, tmp_path: Path) -> None:
        rows = [f"{NINE_NS // 10**9 + 60 * n},1,1,1,1,1" for n in range(200_000)]
        batches = importers.read_bars(write_csv(tmp_path, *rows, "broken"), Timeframe.M1)

        assert len(next(batches)) > 0
        with pytest.raises(FileDamaged, match="line 200002"):
            list(batches)
