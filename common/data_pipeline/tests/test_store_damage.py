"""What a store says that something else has written to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from common.data_pipeline.exceptions import ManifestUnreadable, StoreCorrupted
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import KEY, bars_at, hours, rows_at, table_of
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe

type Document = dict[str, Any]

FOLDER = Path("BINANCE") / "BTC%2FUSDT" / "bars-1h"


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    store = SeriesStore(tmp_path)
    store.merge_bars(KEY, [rows_at(hours(0, 1, 2))])
    return store


def data_file(store: SeriesStore, month: str) -> Path:
    (path,) = (store.root / FOLDER).glob(f"{month}.*.parquet")
    return path


def edit_manifest(store: SeriesStore, change: Callable[[Document], object]) -> None:
    path = store.root / FOLDER / "manifest.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def of_first(**values: object) -> Callable[[Document], object]:
    return lambda document: document["partitions"][0].update(values)


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    parquet.write_table(change(parquet.read_table(path)), path)


class TestManifest:
    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (lambda document: document.update(partitions=[]), "are none"),
            (lambda document: document["partitions"].reverse(), "not in order"),
            (lambda document: document.update(version=None), "TypeError"),
            (of_first(rows="2"), "rows is '2'"),
            (of_first(rows=True), "rows is True"),
            (of_first(rows=0), "0 rows"),
            (of_first(gaps=-1), "-1 gaps"),
            (of_first(first_ns=None), "first_ns is None"),
            (of_first(last_ns=10**30), "OverflowError"),
            (of_first(first_ns=0), "are not of 2024-01"),
            (of_first(month="2024-02"), "are not of 2024-02"),
            (of_first(hash=None), "hash is None"),
            (of_first(file="../../../other"), "is not the name of a file"),
            (of_first(more=1), "unexpected keyword"),
        ],
    )
    def test_that_makes_no_sense_is_refused(
        self, store: SeriesStore, change: Callable[[Document], object], problem: str
    ) -> None:
        edit_manifest(store, change)

        with pytest.raises(ManifestUnreadable, match=problem):
            store.manifest(KEY)
        with pytest.raises(ManifestUnreadable, match=problem):
            store.list_manifests()
        with pytest.raises(ManifestUnreadable, match=problem):
            store.merge_bars(KEY, [rows_at(hours(3))])

    def test_of_another_series_is_refused(self, store: SeriesStore) -> None:
        other = SeriesKey.bars(KEY.instrument, Timeframe.H2)
        moved = store.root / FOLDER.with_name("bars-2h")
        (store.root / FOLDER).rename(moved)

        with pytest.raises(ManifestUnreadable, match=r"is that of BTC/USDT\.BINANCE bars-1h"):
            store.manifest(other)
        with pytest.raises(ManifestUnreadable, match=r"is that of BTC/USDT\.BINANCE bars-1h"):
            store.list_manifests()


class TestDataFile:
    @pytest.mark.parametrize(
        "change",
        [
            lambda table: table.rename_columns(["time", *table.column_names[1:]]),
            lambda table: table.drop_columns(["close"]),
            lambda table: table.set_column(5, "volume", [["much"] * len(table)]),
            lambda table: table.set_column(5, "volume", pa.nulls(len(table), pa.float64())),
        ],
    )
    def test_with_other_columns_is_refused(
        self, store: SeriesStore, change: Callable[[pa.Table], pa.Table]
    ) -> None:
        rewrite(data_file(store, "2024-01"), change)

        for use in (store.read_bars, store.verify):
            with pytest.raises(StoreCorrupted, match=r"parquet has the columns .*, must have"):
                use(KEY)
        with pytest.raises(StoreCorrupted, match="has the columns"):
            store.merge_bars(KEY, [rows_at(hours(-1))])

    def test_with_other_values_is_found(self, store: SeriesStore) -> None:
        def change(table: pa.Table) -> pa.Table:
            close = pa.array(np.array([1.0, 2.0]))
            return table.set_column(4, table.schema.field("close"), close)

        rewrite(data_file(store, "2024-01"), change)

        with pytest.raises(StoreCorrupted, match="holds other rows than were written"):
            store.verify(KEY)
        # Merging into it would give the damage a hash of its own.
        with pytest.raises(StoreCorrupted, match="holds other rows than were written"):
            store.merge_bars(KEY, [rows_at(hours(-1))], replace=True)

    def test_with_a_damaged_footer_is_told_in_one_line(self, store: SeriesStore) -> None:
        path = data_file(store, "2024-01")
        content = bytearray(path.read_bytes())
        footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        content[footer : footer + 4] = b"\xff" * 4
        path.write_bytes(content)

        with pytest.raises(StoreCorrupted, match="cannot be read") as caught:
            store.read_bars(KEY)

        assert "\n" in str(caught.value.__cause__)
        assert "\n" not in caught.value.detail == str(caught.value)

    def test_that_is_sound_passes(self, store: SeriesStore) -> None:
        store.verify(KEY)

        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0, 1, 2)))
