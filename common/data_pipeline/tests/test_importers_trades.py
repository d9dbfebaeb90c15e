from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather

from common.data_pipeline import importers
from common.data_pipeline.importers.exceptions import (
    InvalidPrice,
    InvalidQuantity,
    InvalidRate,
    InvalidSide,
    UnusableFile,
)
from common.data_pipeline.tests.importing import write_csv

NINE_MS = 1_571_302_800_000
HEADER = "timestamp,id,price,amount,side"


def read_trades(path: Path) -> list[dict[str, object]]:
    return [row for batch in importers.read_trades(path) for row in batch.to_pylist()]


class TestReadTrades:
    def test_gives_the_side_as_the_sign_of_the_takers_order(self, tmp_path: Path) -> None:
        path = write_csv(
            tmp_path, f"{NINE_MS},a1,10.5,2,buy", f"{NINE_MS + 1},a2,10.4,3,SELL", header=HEADER
        )

        assert read_trades(path) == [
            {
                "ts_ns": NINE_MS * 10**6,
                "id": "a1",
                "price": 10.5,
                "quantity": 2.0,
                "side": 1,
                "line": 2,
            },
            {
                "ts_ns": (NINE_MS + 1) * 10**6,
                "id": "a2",
                "price": 10.4,
                "quantity": 3.0,
                "side": -1,
                "line": 3,
            },
        ]

    def test_takes_a_waiting_buyer_for_a_taker_who_sold(self, tmp_path: Path) -> None:
        path = write_csv(
            tmp_path,
            f"1,10.5,2,21.0,{NINE_MS},true,true",
            f"2,10.5,2,21.0,{NINE_MS},False,true",
            header="id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch",
        )

        assert [row["side"] for row in read_trades(path)] == [-1, 1]

    def test_reads_flags_of_tables(self, tmp_path: Path) -> None:
        table = pa.table({
            "time": [NINE_MS, NINE_MS],
            "id": [1, 2],
            "price": [1.0, 1.0],
            "qty": [1.0, 1.0],
            "is_buyer_maker": [True, False],
        })
        feather.write_feather(table, tmp_path / "trades")

        rows = read_trades(tmp_path / "trades")

        assert [(row["id"], row["side"]) for row in rows] == [("1", -1), ("2", 1)]

    @pytest.mark.parametrize(
        ("row", "error", "problem"),
        [
            (f"{NINE_MS},2,1,1,both", InvalidSide, "side is 'both', must be buy or b or sell"),
            (f"{NINE_MS},2,0,1,buy", InvalidPrice, "price is 0.0"),
            (f"{NINE_MS},2,1,-1,buy", InvalidQuantity, "quantity is -1.0"),
        ],
    )
    def test_names_the_line_of_a_fault(
        self, tmp_path: Path, row: str, error: type[UnusableFile], problem: str
    ) -> None:
        path = write_csv(tmp_path, f"{NINE_MS},1,1,1,sell", row, header=HEADER)

        with pytest.raises(error, match=rf"bars\.csv, line 3: {problem}"):
            read_trades(path)


class TestReadFunding:
    @pytest.mark.parametrize(
        "header", ["timestamp,funding_rate", "calc_time,last_funding_rate", "fundingTime,rate"]
    )
    def test_reads_rates_by_many_names(self, tmp_path: Path, header: str) -> None:
        path = write_csv(tmp_path, f"{NINE_MS},-0.00025", header=header)

        (batch,) = importers.read_funding(path)

        assert batch.to_pylist() == [{"ts_ns": NINE_MS * 10**6, "rate": -0.00025, "line": 2}]

    @pytest.mark.parametrize("rate", ["1", "-1.5", "nan", "inf"])
    def test_refuses_what_is_not_a_fraction(self, tmp_path: Path, rate: str) -> None:
        path = write_csv(tmp_path, f"{NINE_MS},0.0001", f"{NINE_MS},{rate}", header="time,rate")

        with pytest.raises(InvalidRate, match="line 3: rate is"):
            list(importers.read_funding(path))
