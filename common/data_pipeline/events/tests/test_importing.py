import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.events.exceptions import EventsOverlap, ReceivedTooLate, SizesDiffer
from common.data_pipeline.events.files import read_events, rows_hash
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.reading import read_event_files, verify_events
from common.data_pipeline.events.sizes import Step
from common.data_pipeline.events.tests.feeds import (
    ELEVEN_MS,
    HOUR_NS,
    KEY,
    MS,
    SIZES,
    book,
    depth,
    feed,
    line,
    store_lines,
    stored,
    trade,
    write,
)
from common.data_pipeline.exceptions import NoRows
from common.data_pipeline.folder import SeriesFolder
from common.data_pipeline.store import SeriesStore
from common.domain.errors import InvalidArgument
from common.domain.events import AT_EXCHANGE, AT_LOCAL, KIND_MASK, TRADE
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe

HOUR_MS = 3_600_000
START_NS = ELEVEN_MS * MS


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path / "store")


def deals(*at_ms: int) -> list[str]:
    """Return trades numbered by their millisecond."""
    return [line(ms, trade(ms, ms, "100.0", "1")) for ms in at_ms]


def opening(at_ms: int = 0) -> str:
    return line(at_ms, book(at_ms, [("99.9", "5")], [("100.1", "5")]), envelope=False)


class TestImport:
    def test_stores_one_file_an_hour_under_one_manifest(self, store: SeriesStore) -> None:
        lines = [opening(), *deals(5, HOUR_MS - 1, HOUR_MS, HOUR_MS + 9, 3 * HOUR_MS)]

        report = store_lines(store, *lines)

        manifest = store.manifest(KEY)
        hours = [
            (part.period, part.rows, part.first_ns, part.last_ns) for part in manifest.partitions
        ]
        assert hours == [
            ("2024-08-08T23", 6, START_NS, START_NS + HOUR_NS - MS),
            ("2024-08-09T00", 2, START_NS + HOUR_NS, START_NS + HOUR_NS + 9 * MS),
            ("2024-08-09T02", 1, START_NS + 3 * HOUR_NS, START_NS + 3 * HOUR_NS),
        ]
        assert [part.events.trades for part in manifest.partitions if part.events] == [2, 2, 1]
        assert (report.rows, report.trades, report.depth_updates) == (9, 5, 0)
        assert (report.start_ns, report.end_ns) == (START_NS, START_NS + 3 * HOUR_NS + 1)
        assert (report.gaps, report.duplicates, report.added) == (0, 0, 9)
        for part in manifest.partitions:
            assert part.file == f"{part.period}.{part.hash[:16]}.npz"
            path = SeriesFolder(store.root, KEY).path / part.file
            assert rows_hash(read_events(path)) == part.hash

    def test_states_tick_lot_and_time_zero(self, store: SeriesStore) -> None:
        store_lines(store, *deals(5))

        document = json.loads((SeriesFolder(store.root, KEY).path / "manifest.json").read_text())

        facts = document["events"]
        assert (facts["tick"], facts["lot"], facts["time_zero_ns"]) == ("0.1", "0.001", 0)
        assert store.manifest(KEY).to_json() == json.dumps(document, indent=1).encode() + b"\n"

    def test_moves_a_clock_that_is_behind_so_that_no_latency_is_negative(
        self, store: SeriesStore
    ) -> None:
        first, second = trade(0, 1, "100.0", "1"), trade(10, 2, "100.0", "1")
        lines = [line(0, first, START_NS - 300), line(10, second, START_NS + 10 * MS - 900)]

        report = store_lines(store, *lines)

        assert report.clock_offset_ns == 900
        assert (stored(store)["local_ts"] - stored(store)["exch_ts"]).tolist() == [600, 0]

    def test_leaves_a_clock_that_is_ahead_as_it_is(self, store: SeriesStore) -> None:
        report = store_lines(store, *deals(1, 2))

        assert report.clock_offset_ns == 0
        assert (stored(store)["local_ts"] - stored(store)["exch_ts"]).tolist() == [2 * MS, 2 * MS]

    def test_corrects_events_received_out_of_order_across_an_hour(
        self, store: SeriesStore
    ) -> None:
        late, early = trade(HOUR_MS - 1, 1, "100.0", "1"), trade(HOUR_MS + 1, 2, "100.0", "2")
        received = START_NS + HOUR_NS + 5 * MS
        lines = [line(0, early, received), line(0, late, received + 7)]

        report = store_lines(store, *lines)

        events = stored(store)
        assert report.rows == 3
        assert [(int(e["qty"]), int(e["ev"]) & (AT_EXCHANGE | AT_LOCAL)) for e in events] == [
            (1, AT_EXCHANGE),
            (2, AT_EXCHANGE | AT_LOCAL),
            (1, AT_LOCAL),
        ]
        assert [part.rows for part in store.manifest(KEY).partitions] == [1, 2]
        verify_events(store, KEY)

    def test_refuses_a_clock_that_was_set_meanwhile(self, store: SeriesStore) -> None:
        lines = [*deals(1), line(2, trade(2, 2, "100.0", "1"), START_NS + HOUR_NS + 5 * MS)]

        with pytest.raises(ReceivedTooLate, match=r"feed.gz: .* up to 3,600 s later than others"):
            store_lines(store, *lines)

        assert store.list_manifests() == []

    def test_refuses_a_recording_without_an_event(self, store: SeriesStore) -> None:
        with pytest.raises(NoRows, match=r"BTC/USDT:USDT.BINANCEUSDM events"):
            store_lines(store, line(0, {"e": "bookTicker"}))

        assert not store.root.exists()

    def test_refuses_a_key_of_bars(self, store: SeriesStore, tmp_path: Path) -> None:
        key = SeriesKey.bars(KEY.instrument, Timeframe.M1)

        with pytest.raises(InvalidArgument, match="does not hold events"):
            import_events(store, feed(write(tmp_path, *deals(1))), key, sizes=SIZES)


class TestAgain:
    def test_the_same_recording_changes_nothing(self, store: SeriesStore) -> None:
        lines = [opening(), *deals(5, HOUR_MS)]
        first = store_lines(store, *lines)
        before = store.manifest(KEY)

        # Packed otherwise, it is the same recording.
        again = store_lines(store, *lines, name="feed.txt")

        assert again == replace(first, added=0)
        assert store.manifest(KEY) == before

    def test_the_same_recording_changes_nothing_after_later_ones(self, store: SeriesStore) -> None:
        first = store_lines(store, *deals(5))
        store_lines(store, *deals(9))
        before = store.manifest(KEY)

        again = store_lines(store, *deals(5))

        assert (again.rows, again.start_ns, again.added) == (first.rows, first.start_ns, 0)
        assert store.manifest(KEY) == before

    @pytest.mark.parametrize("cut", [1, 2, 4, 5])
    def test_a_recording_in_two_pieces_is_the_same_series(self, tmp_path: Path, cut: int) -> None:
        whole, parts = SeriesStore(tmp_path / "whole" / "s"), SeriesStore(tmp_path / "parts" / "s")
        lines = [
            *(opening(), line(1, depth(1, 1, [("100.0", "2")]))),
            *deals(5, HOUR_MS - 1, HOUR_MS + 2),
            line(HOUR_MS + 3, depth(HOUR_MS + 3, 2, [("99.9", "0")])),
        ]
        one = store_lines(whole, *lines)

        store_lines(parts, *lines[:cut])
        store_lines(parts, *lines[cut:])

        ours, theirs = whole.manifest(KEY).partitions, parts.manifest(KEY).partitions
        assert [part.hash for part in ours] == [part.hash for part in theirs]
        assert [part.events for part in ours] == [part.events for part in theirs]
        assert read_event_files(parts, KEY).hash == one.hash
        assert store_lines(parts, *lines[cut:]).gaps == 0

    def test_an_hour_that_goes_on_replaces_its_file_and_keeps_the_old_for_readers(
        self, store: SeriesStore
    ) -> None:
        store_lines(store, *deals(5))
        old = read_event_files(store, KEY)

        store_lines(store, *deals(9))

        assert [part.rows for part in store.manifest(KEY).partitions] == [2]
        assert len(read_events(old.paths[0])) == 1

    def test_files_that_no_manifest_names_go_after_the_time_of_grace(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path / "store", grace=timedelta(0))
        store_lines(store, opening(), *deals(5, HOUR_MS))
        old = read_event_files(store, KEY)

        store_lines(store, *deals(HOUR_MS + 1))

        assert [path.exists() for path in old.paths] == [True, False]
        assert len(list(store.root.rglob("*.npz"))) == 3
        assert verify_events(store, KEY).rows == 7

    @pytest.mark.parametrize("at_ms", [4, 0])
    def test_a_recording_that_begins_before_the_stored_end_is_refused(
        self, store: SeriesStore, at_ms: int
    ) -> None:
        store_lines(store, *deals(1, 5))
        before = store.manifest(KEY)

        with pytest.raises(
            EventsOverlap, match=r"begins at .*, the stored .* end at .*23:00:00.005"
        ):
            store_lines(store, *deals(at_ms, 9))

        assert store.manifest(KEY) == before

    def test_times_of_receipt_do_not_go_back_from_one_recording_to_the_next(
        self, store: SeriesStore
    ) -> None:
        # The first is moved by 900 ns, the second would be by 100 ns, and begins too early.
        store_lines(store, line(0, trade(0, 1, "100.0", "1"), START_NS - 900))
        second = trade(0, 2, "100.0", "1")
        report = store_lines(
            store, line(0, second, START_NS - 100), line(1, trade(1, 3, "1.0", "1"))
        )

        assert report.clock_offset_ns == 100
        store_lines(store, line(3, trade(3, 4, "1.0", "1"), START_NS + 3 * MS - 500))
        verify_events(store, KEY)
        assert (stored(store)["local_ts"] >= stored(store)["exch_ts"]).all()

    def test_a_recording_received_long_before_the_stored_end_is_refused(
        self, store: SeriesStore
    ) -> None:
        store_lines(store, line(0, trade(0, 1, "100.0", "1"), START_NS + HOUR_NS // 2))

        with pytest.raises(EventsOverlap):
            store_lines(store, *deals(60_000))

    def test_updates_missing_between_two_recordings_are_a_gap(self, store: SeriesStore) -> None:
        store_lines(store, line(0, depth(0, 7, [("99.0", "1")])))
        assert store_lines(store, line(1, depth(1, 8, [("99.0", "2")]))).gaps == 0

        report = store_lines(
            store, line(2, depth(2, 12, [("99.0", "3")])), line(3, depth(3, 15, [("99.0", "4")]))
        )

        gap = next(fault for fault in report.faults if fault.code == "depth_gap")
        assert (report.gaps, gap.count) == (2, 2)
        assert gap.times_ns == (START_NS + 2 * MS, START_NS + 3 * MS)
        assert store.manifest(KEY).gaps == 2

    @pytest.mark.parametrize("name", ["tick", "lot"])
    def test_other_sizes_are_refused(self, store: SeriesStore, tmp_path: Path, name: str) -> None:
        store_lines(store, *deals(1))
        sizes = replace(SIZES, **{name: Step(Decimal("0.01"))})

        with pytest.raises(SizesDiffer, match=rf"the {name} of .* is 0.\d+ as .* not 0.01"):
            import_events(store, feed(write(tmp_path, *deals(9))), KEY, sizes=sizes)


class TestProperties:
    @given(
        st.lists(st.tuples(st.integers(0, 5_000), st.integers(-40, 400)), min_size=1, max_size=30),
        st.integers(1, 29),
    )
    @settings(deadline=None, max_examples=25)
    def test_whatever_is_recorded_is_stored_in_order_and_whole(
        self, tmp_path_factory: pytest.TempPathFactory, times: list[tuple[int, int]], spread: int
    ) -> None:
        store = SeriesStore(tmp_path_factory.mktemp("any") / "store")
        lines = [
            line(
                0,
                trade(ms * spread * 50, number, "100.0", f"{number}"),
                START_NS + (ms * spread * 50 + delay) * MS,
            )
            for number, (ms, delay) in enumerate(times, 1)
        ]

        report = store_lines(store, *lines)

        events = stored(store)
        assert (events["local_ts"] >= events["exch_ts"]).all()
        for flag, clock in ((AT_EXCHANGE, "exch_ts"), (AT_LOCAL, "local_ts")):
            valid = events[events["ev"] & flag != 0]
            assert (np.diff(valid[clock]) >= 0).all()
            assert sorted(valid["qty"].tolist()) == list(range(1, len(times) + 1))
            assert (valid["ev"] & KIND_MASK == TRADE).all()
        assert report.trades == len(times)
        verify_events(store, KEY)
