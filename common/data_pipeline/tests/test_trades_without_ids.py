"""Prints that their publisher gave no id: a multiset, of which none may be lost or doubled."""

import random
from pathlib import Path

import pytest

from common.data_pipeline.pipeline import import_trades
from common.data_pipeline.store import MergeReport, SeriesStore
from common.data_pipeline.tests.importing import write_csv
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey

KEY = SeriesKey(InstrumentId("XRP/ETH", "BINANCE"), SeriesKind.TRADES)
NINE_MS = 1_571_302_800_000
HEADER = "timestamp,price,amount,side"
BUY, SELL, LATER = (
    f"{NINE_MS},10.5,2,buy",
    f"{NINE_MS},10.5,2,sell",
    f"{NINE_MS + 1},10.5,2,buy",
)


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path / "store")


def put(store: SeriesStore, *lines: str, header: str = HEADER) -> MergeReport:
    return import_trades(store, write_csv(store.root.parent, *lines, header=header), KEY)


def stored(store: SeriesStore) -> list[tuple[int, float, float, int]]:
    rows = store.read_table(KEY).to_pylist()
    assert {row["id"] for row in rows} == {""}
    return [
        (row["ts_ns"] // 10**6 - NINE_MS, row["price"], row["quantity"], row["side"])
        for row in rows
    ]


class TestOneFile:
    def test_keeps_two_equal_prints_of_one_instant(self, store: SeriesStore) -> None:
        report = put(store, BUY, BUY, LATER)

        assert (report.rows, report.duplicates) == (3, 0)
        assert stored(store) == [(0, 10.5, 2.0, 1), (0, 10.5, 2.0, 1), (1, 10.5, 2.0, 1)]

    @pytest.mark.parametrize(
        "other", [f"{NINE_MS},10.6,2,buy", f"{NINE_MS},10.5,3,buy", f"{NINE_MS},10.5,2,sell"]
    )
    def test_keeps_two_different_prints_of_one_instant(
        self, store: SeriesStore, other: str
    ) -> None:
        assert put(store, BUY, other).rows == len(stored(store)) == 2

    def test_orders_them_alike_whatever_their_order_in_the_file(self, store: SeriesStore) -> None:
        lines = [BUY, SELL, BUY, LATER, f"{NINE_MS},9.5,2,buy", f"{NINE_MS},10.5,1,buy"]
        first = put(store, *lines)
        random.Random(5).shuffle(lines)

        assert put(store, *lines) == MergeReport(
            **{name: getattr(first, name) for name in ("rows", "start_ns", "end_ns", "hash")},
            gaps=0,
            duplicates=0,
            added=0,
            replaced=0,
        )

    def test_takes_an_empty_id_for_none(self, store: SeriesStore) -> None:
        lines = [f"{NINE_MS},,10.5,2,buy"] * 2
        report = put(store, *lines, header="timestamp,id,price,amount,side")

        assert report.rows == len(stored(store)) == 2


class TestSeveralFiles:
    def test_the_same_file_again_changes_nothing(self, store: SeriesStore) -> None:
        first = put(store, BUY, BUY, SELL, LATER)

        again = put(store, BUY, BUY, SELL, LATER)

        assert (again.added, again.hash) == (0, first.hash)
        assert store.manifest(KEY).version == 1

    def test_a_file_that_ends_within_an_instant_is_completed_by_the_next(
        self, store: SeriesStore
    ) -> None:
        put(store, BUY, SELL)

        report = put(store, BUY, BUY, SELL, LATER)

        assert (report.rows, report.added, report.replaced) == (4, 2, 0)
        assert stored(store) == [
            (0, 10.5, 2.0, -1),
            (0, 10.5, 2.0, 1),
            (0, 10.5, 2.0, 1),
            (1, 10.5, 2.0, 1),
        ]

    def test_a_file_with_fewer_takes_none_away(self, store: SeriesStore) -> None:
        whole = put(store, BUY, BUY, LATER)

        report = put(store, BUY, LATER)

        assert (report.rows, report.added) == (2, 0)
        assert report.hash == whole.hash
