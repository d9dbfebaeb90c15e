import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from common.data_pipeline.exceptions import (
    ConflictingRows,
    InvalidRow,
    ManifestUnreadable,
    NoRows,
    SeriesNotFound,
    StaleManifest,
    StoreCorrupted,
    StoredBarsDiffer,
)
from common.data_pipeline.hashing import bars_hash
from common.data_pipeline.manifest import Manifest
from common.data_pipeline.store import MergeReport, SeriesStore
from common.data_pipeline.tests.series import HOUR, KEY, START, bars_at, hours, rows_at, table_of
from common.domain.errors import InvalidPeriod
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe

FOLDER = Path("BINANCE") / "BTC%2FUSDT" / "bars-1h"


class FrozenClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path)


def data_files(store: SeriesStore) -> dict[str, int]:
    """Names of the data files, with the inode: a file written again gets another one."""
    return {path.name: path.stat().st_ino for path in (store.root / FOLDER).glob("*.parquet")}


class TestMergeBars:
    def test_reports_what_became_of_the_rows(self, store: SeriesStore) -> None:
        report = store.merge_bars(KEY, [rows_at(hours(5, 0, 1, 5))])

        assert report == MergeReport(
            rows=3,
            start_ns=START,
            end_ns=START + 6 * HOUR,
            gaps=3,
            duplicates=1,
            hash=bars_hash(bars_at(hours(0, 1, 5))),
            added=3,
            replaced=0,
        )

    def test_stores_sorted_bars_of_all_batches(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(3, 2)), rows_at(hours(1, 0))])

        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0, 1, 2, 3)))

    def test_writes_one_file_a_month_named_by_its_content(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 1, 2, 4))])

        january, february = store.manifest(KEY).partitions

        assert (january.month, january.rows, january.gaps) == ("2024-01", 2, 0)
        assert (february.month, february.rows, february.gaps) == ("2024-02", 2, 1)
        assert january.last_ns == START + HOUR
        assert february.first_ns == START + 2 * HOUR
        assert february.file == f"2024-02.{february.hash[:16]}.parquet"
        assert set(data_files(store)) == {january.file, february.file}

    def test_append_touches_the_touched_month_only(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 1, 2))])
        before, january = data_files(store), store.manifest(KEY).partitions[0]

        report = store.merge_bars(KEY, [rows_at(hours(3))])

        assert report.hash == bars_hash(bars_at(hours(3)))
        assert data_files(store)[january.file] == before[january.file]
        assert store.manifest(KEY).partitions[0] == january
        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0, 1, 2, 3)))

    def test_fills_a_hole_left_by_an_earlier_file(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(2, 5))])

        store.merge_bars(KEY, [rows_at(hours(4, 3))])

        assert store.manifest(KEY).gaps == 0
        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(2, 3, 4, 5)))

    def test_the_same_file_again_changes_nothing(self, store: SeriesStore) -> None:
        first = store.merge_bars(KEY, [rows_at(hours(0, 1, 2))])
        files, manifest = data_files(store), (store.root / FOLDER / "manifest.json").stat()

        second = store.merge_bars(KEY, [rows_at(hours(2, 1, 0))])

        assert (second.rows, second.added, second.hash) == (3, 0, first.hash)
        assert store.manifest(KEY).version == 1
        assert data_files(store) == files
        assert (store.root / FOLDER / "manifest.json").stat().st_ino == manifest.st_ino

    def test_refuses_to_contradict_stored_bars_and_shows_where(self, store: SeriesStore) -> None:
        before = store.merge_bars(KEY, [rows_at(hours(0, 1, 2, 3))])
        files = data_files(store)
        changed = rows_at(hours(0, 1, 2, 3, 4))
        changed.close[3] = 7.0

        with pytest.raises(StoredBarsDiffer) as refusal:
            store.merge_bars(KEY, [changed])

        stored = float(bars_at(hours(3)).close[0])
        assert refusal.value.extra["differences"] == [
            {"time": "2024-02-01T01:00:00Z", "column": "close", "stored": stored, "new": 7.0}
        ]
        assert "2024-02-01T01:00:00Z close stored" in refusal.value.detail
        assert (store.manifest(KEY).version, data_files(store)) == (1, files)
        assert store.dataset_hash(KEY) == before.hash

    def test_replaces_when_asked_and_keeps_what_the_file_does_not_name(
        self, store: SeriesStore
    ) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 1, 2, 3))])
        changed = rows_at(hours(3))
        changed.close[0] = 7.0

        report = store.merge_bars(KEY, [changed], replace=True)

        assert (report.rows, report.added, report.replaced) == (1, 0, 1)
        bars = store.read_bars(KEY)
        assert bars.close.tolist() == [*bars_at(hours(0, 1, 2)).close.tolist(), 7.0]

    def test_refuses_two_different_rows_for_one_time(self, store: SeriesStore) -> None:
        other = rows_at(hours(1), first_line=40, price=101.0)

        with pytest.raises(ConflictingRows) as refusal:
            store.merge_bars(KEY, [rows_at(hours(0, 1, 2)), other])

        assert refusal.value.extra["lines"] == [3, 40]
        assert "2024-01-31T23:00:00Z" in refusal.value.detail
        assert store.list_manifests() == []

    @pytest.mark.parametrize(
        ("column", "value", "words"),
        [
            ("high", np.nan, "high is not finite: nan"),
            ("volume", np.inf, "volume is not finite: inf"),
            ("low", -1.0, "low is negative: -1.0"),
        ],
    )
    def test_refuses_numbers_that_cannot_be_prices(
        self, store: SeriesStore, column: str, value: float, words: str
    ) -> None:
        rows = rows_at(hours(0, 1, 2))
        getattr(rows, column)[1] = value

        with pytest.raises(InvalidRow, match="line 3 ") as refusal:
            store.merge_bars(KEY, [rows])

        assert words in refusal.value.detail
        assert store.list_manifests() == []

    def test_refuses_times_that_are_not_in_nanoseconds(self, store: SeriesStore) -> None:
        with pytest.raises(InvalidRow, match="line 2: time -1 ns is outside 1970"):
            store.merge_bars(KEY, [rows_at(np.array([-1], np.int64))])

    def test_stores_what_is_only_doubtful(self, store: SeriesStore) -> None:
        rows = rows_at(hours(0) + 1)
        rows.high[0], rows.volume[0], rows.open[0] = 1.0, -3.0, 0.0

        assert store.merge_bars(KEY, [rows]).rows == 1

    def test_refuses_a_file_without_rows(self, store: SeriesStore) -> None:
        with pytest.raises(NoRows):
            store.merge_bars(KEY, [rows_at(hours())])

    def test_leaves_nothing_staged_behind(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0))])

        names = {path.name for path in (store.root / FOLDER).iterdir()}

        assert names == {".lock", "manifest.json", *data_files(store)}


class TestReadBars:
    @pytest.fixture(autouse=True)
    def stored(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(*range(1500)))])

    def test_includes_the_start_and_not_the_end(self, store: SeriesStore) -> None:
        bars = store.read_bars(KEY, START + HOUR, START + 3 * HOUR)

        assert table_of(bars) == table_of(bars_at(hours(1, 2)))

    @pytest.mark.parametrize(("first", "last"), [(0, 1500), (1, 2), (2, 698), (100, 1400)])
    def test_equals_what_was_stored(self, store: SeriesStore, first: int, last: int) -> None:
        start_ns, end_ns = START + first * HOUR, START + last * HOUR
        expected = table_of(bars_at(hours(*range(first, last))))

        parts = list(store.iter_bars(KEY, start_ns, end_ns))

        assert table_of(store.read_bars(KEY, start_ns, end_ns)) == expected
        assert [row for part in parts for row in table_of(part)] == expected
        assert len({part.open_ns[0].astype("M8[ns]").astype("M8[M]") for part in parts}) == len(
            parts
        )

    def test_returns_no_bars_where_none_are_stored(self, store: SeriesStore) -> None:
        assert len(store.read_bars(KEY, START - 9 * HOUR, START)) == 0

    def test_refuses_a_period_that_ends_before_it_starts(self, store: SeriesStore) -> None:
        with pytest.raises(InvalidPeriod, match="not after its start"):
            store.read_bars(KEY, START, START)

    @pytest.mark.parametrize(("end", "count"), [(1, 1), (3, 2), (3, 3), (700, 699), (1500, 4)])
    def test_reads_the_last_bars_before_a_time(
        self, store: SeriesStore, end: int, count: int
    ) -> None:
        bars = store.read_before(KEY, START + end * HOUR, count)

        assert table_of(bars) == table_of(bars_at(hours(*range(end - count, end))))

    @pytest.mark.parametrize(("end", "count", "found"), [(0, 5, 0), (2, 9, 2), (5, 0, 0)])
    def test_reads_fewer_where_there_are_fewer(
        self, store: SeriesStore, end: int, count: int, found: int
    ) -> None:
        assert len(store.read_before(KEY, START + end * HOUR, count)) == found

    def test_hashes_any_range_as_if_it_were_one_file(self, store: SeriesStore) -> None:
        stored = store.dataset_hash(KEY, START + HOUR, START + 900 * HOUR)

        assert stored == bars_hash(bars_at(hours(*range(1, 900))))

    def test_names_a_data_file_that_is_gone(self, store: SeriesStore) -> None:
        partition = store.manifest(KEY).partitions[1]
        (store.root / FOLDER / partition.file).unlink()

        with pytest.raises(StoreCorrupted, match=partition.file):
            store.read_bars(KEY)

    def test_names_a_data_file_that_is_cut_off(self, store: SeriesStore) -> None:
        path = store.root / FOLDER / store.manifest(KEY).partitions[1].file
        path.write_bytes(path.read_bytes()[:-100])

        with pytest.raises(StoreCorrupted, match=path.name):
            store.read_bars(KEY)

    def test_names_a_data_file_with_a_bit_turned_over(self, store: SeriesStore) -> None:
        path = store.root / FOLDER / store.manifest(KEY).partitions[1].file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

        with pytest.raises(StoreCorrupted, match=path.name):
            store.read_bars(KEY)


class TestManifests:
    def test_an_unknown_series_is_told_with_what_is_near(self, store: SeriesStore) -> None:
        near = SeriesKey.bars(KEY.instrument, Timeframe.M5)
        far = SeriesKey.bars(InstrumentId("ETH/BTC", "KRAKEN"), Timeframe.H1)
        for key in (far, near):
            store.merge_bars(key, [rows_at(hours(0))])

        with pytest.raises(SeriesNotFound) as refusal:
            store.manifest(KEY)

        assert "BTC/USDT.BINANCE bars-1h is not stored" in refusal.value.detail
        assert refusal.value.extra["nearby"] == [str(near), str(far)]

    def test_listing_never_opens_data(self, store: SeriesStore) -> None:
        perpetual = SeriesKey.bars(InstrumentId("BTC/USDT:USDT", "BINANCE"), Timeframe.D1)
        for key in (perpetual, KEY):
            store.merge_bars(key, [rows_at(hours(0, 1, 3))])
        for path in store.root.rglob("*.parquet"):
            path.unlink()

        manifests = store.list_manifests()

        assert [manifest.key for manifest in manifests] == [KEY, perpetual]
        assert (manifests[0].rows, manifests[0].gaps) == (3, 1)
        assert (manifests[0].start_ns, manifests[0].end_ns) == (START, START + 4 * HOUR)

    def test_an_empty_store_lists_nothing(self, tmp_path: Path) -> None:
        assert SeriesStore(tmp_path / "new").list_manifests() == []

    def test_a_newer_format_is_refused(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0))])
        path = store.root / FOLDER / "manifest.json"
        path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 2'))

        with pytest.raises(ManifestUnreadable, match="has format 2, this release reads up to 1"):
            store.read_bars(KEY)

    def test_a_torn_manifest_is_refused(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0))])
        path = store.root / FOLDER / "manifest.json"
        path.write_bytes(path.read_bytes()[:60])

        with pytest.raises(ManifestUnreadable, match=r"manifest\.json is not a manifest"):
            store.manifest(KEY)

    def test_a_commit_on_an_old_version_is_refused(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0))])
        seen = store.manifest(KEY)
        store.merge_bars(KEY, [rows_at(hours(1))])

        with pytest.raises(StaleManifest, match="is at version 2, expected 1"):
            store.commit(Manifest(KEY, 2, seen.partitions), expected_version=seen.version)

        assert store.manifest(KEY).rows == 2

    def test_a_commit_on_the_current_version_counts_up(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0, 2))])
        seen = store.manifest(KEY)

        store.commit(Manifest(KEY, 2, seen.partitions[:1]), expected_version=1)

        assert table_of(store.read_bars(KEY)) == table_of(bars_at(hours(0)))


class TestRemoveUnreferenced:
    def test_keeps_what_a_reader_may_hold_for_a_day(self, tmp_path: Path) -> None:
        clock = FrozenClock(datetime.now(UTC))
        store = SeriesStore(tmp_path, clock=clock)
        store.merge_bars(KEY, [rows_at(hours(0))])
        held = store.iter_bars(KEY)
        store.merge_bars(KEY, [rows_at(hours(1))])

        assert store.remove_unreferenced() == []
        assert table_of(next(held)) == table_of(bars_at(hours(0)))

        clock.moment += timedelta(hours=24, minutes=1)
        [removed] = store.remove_unreferenced()

        assert removed.name.startswith("2024-01.")
        assert set(data_files(store)) == {part.file for part in store.manifest(KEY).partitions}

    def test_counts_from_when_a_file_was_last_named(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0))])
        a_week_ago = time.time() - 7 * 86_400
        for name in data_files(store):
            os.utime(store.root / FOLDER / name, (a_week_ago, a_week_ago))

        store.merge_bars(KEY, [rows_at(hours(1))])

        assert len(data_files(store)) == 2

    def test_every_writer_clears_up(self, store: SeriesStore) -> None:
        store.merge_bars(KEY, [rows_at(hours(0))])
        orphan = store.root / FOLDER / "2024-01.0123456789abcdef.parquet"
        orphan.write_bytes(b"left by a writer that was killed")
        os.utime(orphan, (0, 0))

        store.merge_bars(KEY, [rows_at(hours(1))])

        assert not orphan.exists()

    @pytest.mark.parametrize(("grace_hours", "is_kept"), [(72, True), (24, False)])
    def test_a_writer_keeps_files_as_long_as_it_is_told(
        self, tmp_path: Path, grace_hours: int, is_kept: bool
    ) -> None:
        store = SeriesStore(tmp_path, grace=timedelta(hours=grace_hours))
        store.merge_bars(KEY, [rows_at(hours(0))])
        orphan = store.root / FOLDER / "2024-01.0123456789abcdef.parquet"
        orphan.write_bytes(b"")
        two_days_ago = time.time() - 2 * 86_400
        os.utime(orphan, (two_days_ago, two_days_ago))

        store.merge_bars(KEY, [rows_at(hours(1))])

        assert orphan.exists() is is_kept

    def test_leaves_other_files_alone(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path, grace=timedelta(days=-1))
        store.merge_bars(KEY, [rows_at(hours(0))])
        note = tmp_path / FOLDER / "note.txt"
        note.write_text("mine")

        store.remove_unreferenced()

        assert note.exists()
        assert len(store.read_bars(KEY)) == 1

    def test_skips_a_store_that_is_empty(self, store: SeriesStore) -> None:
        rmtree(store.root)

        assert store.remove_unreferenced() == []
