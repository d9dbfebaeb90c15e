import hashlib
from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline.events.files import read_events, write_events
from common.data_pipeline.events.reading import read_event_files, verify_events
from common.data_pipeline.events.tests.feeds import (
    ELEVEN_MS,
    HOUR_NS,
    KEY,
    MS,
    book,
    depth,
    line,
    store_lines,
    trade,
)
from common.data_pipeline.exceptions import NoRows, SeriesNotFound, StoreCorrupted
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.events import BUY, SELL
from common.domain.instruments import SeriesKey

HOUR_MS = 3_600_000
START_NS = ELEVEN_MS * MS
LAST_MS = 2 * HOUR_MS + 4


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    """Return a store with events in three hours, and changes of the book in two of them."""
    store = SeriesStore(tmp_path / "store")
    bids, asks = [("99.9", "5"), ("99.0", "1")], [("100.1", "6")]
    store_lines(
        store,
        line(1, book(1, bids, asks), envelope=False),
        line(2, depth(2, 1, [("99.9", "7")], [("100.1", "0"), ("100.2", "8")])),
        line(HOUR_MS, trade(HOUR_MS, 1, "100.0", "1")),
        line(HOUR_MS + 3, depth(HOUR_MS + 3, 2, [("99.0", "0")])),
        line(LAST_MS, trade(LAST_MS, 2, "100.0", "1")),
    )
    return store


class TestReadEventFiles:
    def test_gives_all_files_of_a_series(self, store: SeriesStore) -> None:
        files = read_event_files(store, KEY)

        assert [path.name[:13] for path in files.paths] == [
            *("2024-08-08T23", "2024-08-09T00", "2024-08-09T01"),
        ]
        assert files.counts == (8, 2, 1)
        assert files.count == 11
        assert (files.start_ns, files.end_ns) == (START_NS + MS, START_NS + LAST_MS * MS + 1)
        assert files.snapshot is None
        assert (str(files.tick), str(files.lot)) == ("0.1", "0.001")

    def test_gives_the_hours_of_a_period_with_the_book_before_them(
        self, store: SeriesStore
    ) -> None:
        files = read_event_files(store, KEY, START_NS + HOUR_NS + 7, START_NS + 2 * HOUR_NS)

        assert [path.name[:13] for path in files.paths] == ["2024-08-09T00"]
        assert (files.start_ns, files.end_ns) == (START_NS + HOUR_NS + 7, START_NS + 2 * HOUR_NS)
        assert files.snapshot is not None
        snapshot = read_events(files.snapshot)
        assert snapshot["px"].tolist() == [99.9, 99.0, 100.2]
        assert snapshot["qty"].tolist() == [7, 1, 8]
        assert (snapshot["ev"][:2] & BUY != 0).all()
        assert snapshot["ev"][2] & SELL
        assert (snapshot["exch_ts"] == START_NS + HOUR_NS).all()

    def test_gives_the_book_as_later_hours_left_it(self, store: SeriesStore) -> None:
        files = read_event_files(store, KEY, START_NS + 2 * HOUR_NS)

        assert files.snapshot is not None
        assert read_events(files.snapshot)["px"].tolist() == [99.9, 100.2]

    def test_has_a_hash_that_tells_periods_apart(self, store: SeriesStore) -> None:
        periods = [(None, None), (START_NS + HOUR_NS, None), (None, START_NS + HOUR_NS)]

        hashes = {read_event_files(store, KEY, start, end).hash for start, end in periods}

        assert len(hashes) == 3

    def test_refuses_what_is_not_there(self, store: SeriesStore) -> None:
        with pytest.raises(NoRows, match=r"only from 2024-08-08T23:00:00.001"):
            read_event_files(store, KEY, START_NS + 3 * HOUR_NS)
        with pytest.raises(InvalidPeriod):
            read_event_files(store, KEY, 7, 7)
        with pytest.raises(InvalidArgument, match="does not hold events"):
            read_event_files(store, SeriesKey(KEY.instrument, SeriesKind.TRADES))
        with pytest.raises(SeriesNotFound):
            read_event_files(SeriesStore(store.root / "other"), KEY)

    @pytest.mark.parametrize("name", ["2024-08-09T00.[!b]*.npz", "2024-08-09T00.book.*.npz"])
    def test_refuses_a_file_with_a_bit_turned_over(self, store: SeriesStore, name: str) -> None:
        path = next(store.root.rglob(name))
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

        with pytest.raises(StoreCorrupted, match=f"{path.name} holds other events than"):
            read_event_files(store, KEY, START_NS + HOUR_NS)
        with pytest.raises(StoreCorrupted, match=path.name):
            verify_events(store, KEY)

    def test_refuses_a_file_that_is_gone(self, store: SeriesStore) -> None:
        path = next(store.root.rglob("2024-08-09T01.*.npz"))
        path.unlink()

        with pytest.raises(StoreCorrupted, match=f"{path.name} is missing"):
            read_event_files(store, KEY)
        assert read_event_files(store, KEY, end_ns=START_NS + HOUR_NS).count == 8


class TestVerifyEvents:
    @pytest.mark.parametrize(
        "content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"text", b"PK\x05\x06" + bytes(18)]
    )
    def test_names_a_file_that_is_no_event_file(self, store: SeriesStore, content: bytes) -> None:
        path = next(store.root.rglob("2024-08-09T01.[!b]*.npz"))
        path.write_bytes(content)

        with pytest.raises(StoreCorrupted, match=f"{path.name} cannot be read"):
            verify_events(store, KEY)

    def test_names_a_file_that_holds_another_array(self, store: SeriesStore) -> None:
        path = next(store.root.rglob("2024-08-09T01.[!b]*.npz"))
        np.savez(path, data=np.arange(8))

        with pytest.raises(StoreCorrupted, match=f"{path.name} holds other events"):
            verify_events(store, KEY)

    def test_finds_other_events_in_a_file_that_is_whole(self, store: SeriesStore) -> None:
        path = next(store.root.rglob("2024-08-08T23.*.npz"))
        events = read_events(path)
        events["qty"][0] += 1
        written = write_events(path.parent, "other", [events])
        (path.parent / written.name).rename(path)

        with pytest.raises(StoreCorrupted, match="holds other events than were written"):
            verify_events(store, KEY)


class TestStore:
    def test_says_that_events_are_no_rows(self, store: SeriesStore) -> None:
        for action in (store.verify, store.read_table, store.dataset_hash):
            with pytest.raises(InvalidArgument, match=r"order-book events, which are files"):
                action(KEY)
        with pytest.raises(InvalidArgument, match="order-book events"):
            store.merge_table(KEY, [])


class TestWriteEvents:
    def test_writes_the_same_events_however_they_come_in_pieces(
        self, store: SeriesStore, tmp_path: Path
    ) -> None:
        events = read_events(read_event_files(store, KEY).paths[0])

        first, second = (
            write_events(tmp_path, label, pieces)
            for label, pieces in (("a", [events]), ("b", [events[:3], events[3:]]))
        )

        assert first.hash == second.hash == hashlib.sha256(events.tobytes()).hexdigest()
        for written in (first, second):
            assert (read_events(tmp_path / written.name) == events).all()
            content = (tmp_path / written.name).read_bytes()
            assert written.file_hash == hashlib.sha256(content).hexdigest()
        again = write_events(tmp_path, "a", [events.copy()])
        assert again == first
