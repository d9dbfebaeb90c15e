import gzip
from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline.events.exceptions import (
    ConflictingMessages,
    CutEnd,
    OffLot,
    OffTick,
    OtherInstrument,
)
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.messages import Messages
from common.data_pipeline.events.tests.feeds import (
    ELEVEN_MS,
    KEY,
    LAG_NS,
    MS,
    SIZES,
    book,
    depth,
    feed,
    line,
    trade,
    write,
)
from common.data_pipeline.importers.exceptions import (
    FileDamaged,
    FileEmpty,
    FileMissing,
    InvalidPrice,
    InvalidQuantity,
    UnreadableTime,
    UnusableFile,
)
from common.data_pipeline.store import SeriesStore
from common.domain.events import BUY, DEPTH, DEPTH_CLEAR, DEPTH_SNAPSHOT, SELL, TRADE


def read(path: Path, *, allow_cut_end: bool = False) -> Messages:
    batches = list(feed(path, allow_cut_end=allow_cut_end).batches())
    return np.concatenate([batch.rows for batch in batches])


class TestMessages:
    def test_become_events_in_the_order_of_the_recording(self, tmp_path: Path) -> None:
        path = write(
            tmp_path,
            line(0, depth(0, 5, [("100.0", "1.5")], [("100.2", "0.000")])),
            line(7, trade(7, 1, "100.1", "0.25", m=True)),
            line(8, trade(8, 2, "100.2", "0.5")),
        )

        rows = read(path)

        at = [(ELEVEN_MS + ms) * MS for ms in (0, 0, 7, 8)]
        assert rows["exch_ts"].tolist() == at
        assert rows["local_ts"].tolist() == [time + LAG_NS for time in at]
        kinds = [DEPTH | BUY, DEPTH | SELL, TRADE | SELL, TRADE | BUY]
        assert rows["ev"].tolist() == kinds
        assert rows["px"].tolist() == [100.0, 100.2, 100.1, 100.2]
        assert rows["qty"].tolist() == [1.5, 0.0, 0.25, 0.5]

    def test_that_give_the_whole_book_clear_what_they_cover_first(self, tmp_path: Path) -> None:
        bids, asks = [("100.0", "1"), ("99.5", "2")], [("100.1", "3"), ("100.7", "4")]

        rows = read(write(tmp_path, line(0, book(0, bids, asks), envelope=False)))

        clear, level = DEPTH_CLEAR, DEPTH_SNAPSHOT
        assert rows["ev"].tolist() == [
            *(clear | BUY, level | BUY, level | BUY),
            *(clear | SELL, level | SELL, level | SELL),
        ]
        assert rows["px"].tolist() == [99.5, 100.0, 99.5, 100.7, 100.1, 100.7]
        assert rows["qty"].tolist() == [0, 1, 2, 0, 3, 4]

    def test_may_stand_alone_or_in_an_envelope(self, tmp_path: Path) -> None:
        message = trade(0, 1, "100.0", "1")
        enveloped = read(write(tmp_path, line(0, message)))

        assert read(write(tmp_path, line(0, message, envelope=False))) == enveloped

    def test_of_other_streams_are_counted_and_left_out(self, tmp_path: Path) -> None:
        recording = feed(
            write(
                tmp_path,
                line(0, {"e": "bookTicker", "s": "BTCUSDT", "b": "1", "a": "2"}),
                line(1, {"result": None, "id": 1}, envelope=False),
                line(2, trade(2, 1, "100.0", "1")),
                "",
            )
        )

        assert sum(len(batch.rows) for batch in recording.batches()) == 1
        assert recording.tale().ignored == {"bookTicker": 1, "other": 1}

    def test_that_are_no_trades_of_the_market_are_left_out(self, tmp_path: Path) -> None:
        lines = [
            line(0, trade(0, 1, "100.0", "1")),
            line(1, trade(1, 2, "0", "0", X="NA")),
            line(2, trade(2, 3, "100.0", "2", X="INSURANCE_FUND")),
            line(3, trade(3, 4, "100.0", "3")),
        ]
        recording = feed(write(tmp_path, *lines))

        assert [row["qty"] for batch in recording.batches() for row in batch.rows] == [1, 3]
        assert "missing_trades" not in {fault.code for fault in recording.tale().faults}


class TestNumbers:
    def test_that_break_tell_when_updates_and_trades_are_missing(self, tmp_path: Path) -> None:
        lines = [
            line(0, book(0, [("99.0", "1")], [])),
            line(1, depth(1, 7, [("100.0", "1")])),
            line(2, depth(2, 8, [("100.0", "2")])),
            line(5, depth(5, 12, [("100.0", "3")])),
            line(6, trade(6, 40, "100.0", "1")),
            line(9, trade(9, 44, "100.0", "1")),
        ]
        recording = feed(write(tmp_path, *lines))
        list(recording.batches())

        tale = recording.tale()

        gap, missing = tale.faults
        assert (gap.code, gap.count, gap.times_ns) == ("depth_gap", 1, ((ELEVEN_MS + 5) * MS,))
        assert tale.gap_times_ns.tolist() == list(gap.times_ns)
        assert (missing.code, missing.count, missing.missing) == ("missing_trades", 1, 3)
        assert missing.times_ns == ((ELEVEN_MS + 9) * MS,)
        assert (tale.first_update_after, tale.last_update) == (6, 12)

    def test_a_recording_without_the_whole_book_says_so(self, tmp_path: Path) -> None:
        recording = feed(write(tmp_path, line(0, depth(0, 5, [("100.0", "1")]))))
        list(recording.batches())

        assert [fault.code for fault in recording.tale().faults] == ["no_snapshot"]

    def test_that_come_twice_are_dropped_if_the_messages_are_equal(self, tmp_path: Path) -> None:
        update, deal = depth(0, 5, [("100.0", "1")]), trade(1, 9, "100.0", "1")
        later = (ELEVEN_MS + 9) * MS
        recording = feed(
            write(
                tmp_path,
                *(line(0, update), line(1, deal)),
                *(line(0, update, later), line(1, deal, later)),
                line(10, depth(10, 6, [("100.0", "2")])),
            )
        )

        assert sum(len(batch.rows) for batch in recording.batches()) == 3
        tale = recording.tale()
        assert tale.duplicates == 2
        assert [fault.code for fault in tale.faults] == ["no_snapshot"]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (trade(0, 9, "100.0", "1"), trade(0, 9, "100.0", "2")),
            (depth(0, 9, [("100.0", "1")]), depth(0, 9, [("100.0", "2")])),
        ],
    )
    def test_that_come_twice_and_say_something_else_are_refused(
        self, tmp_path: Path, first: dict[str, object], second: dict[str, object]
    ) -> None:
        path = write(tmp_path, line(0, first), line(0, second))

        with pytest.raises(ConflictingMessages, match=r"line 2: another message .* number 9 "):
            read(path)


class TestRefuses:
    @pytest.mark.parametrize(
        ("wrong", "error", "problem"),
        [
            ('1723161255030314667 {"stream":', FileDamaged, "is not a message of the feed"),
            ("no number " + line(0, {}), FileDamaged, "is not a message of the feed"),
            (line(0, {}) + "x", FileDamaged, "'x' after the message"),
            (line(0, {"e": "trade", "s": "BTCUSDT"}), FileDamaged, r"KeyError\('t'\)"),
            (line(0, depth(0, "9")), FileDamaged, "'9' is not the number of a message"),  # type: ignore[arg-type]
            (line(0, trade(0, 1, "1.0", "1", t=1.5)), FileDamaged, "1.5 is not the number"),
            (line(0, []), FileDamaged, "AttributeError"),
            (line(0, trade(0, 1, "abc", "1")), FileDamaged, "could not convert .* 'abc'"),
            (line(0, depth(0, 1, [("100.0",)])), FileDamaged, "a level is not a price and"),  # type: ignore[list-item]
            (line(0, trade(0, 1, "100.0", "1", T=1.5)), UnreadableTime, "outside 1973"),
            (line(0, trade(0, 1, "100.0", "1", T=17)), UnreadableTime, "outside 1973"),
            (
                line(0, trade(0, 1, "1.0", "1"), 1_723_161_255_030),
                UnreadableTime,
                "receipt in nan",
            ),
            (line(0, trade(0, 1, "1.0", "1", s="ETHUSDT")), OtherInstrument, "is of ETHUSDT, the"),
        ],
    )
    def test_a_line_that_is_wrong_by_its_number(
        self, tmp_path: Path, wrong: str, error: type[UnusableFile], problem: str
    ) -> None:
        good = line(0, trade(0, 7, "100.0", "1"))

        with pytest.raises(error, match=rf"feed.gz, line 2: .*{problem}"):
            read(write(tmp_path, good, wrong, line(0, trade(0, 8, "100.0", "1"))))

    @pytest.mark.parametrize(
        ("price", "quantity", "error", "problem"),
        [
            ("100.05", "1", OffTick, r"price 100.05 is off the tick 0.1"),
            ("100.1", "0.0005", OffLot, r"quantity 0.0005 is off the lot 0.001"),
            ("-1", "1", InvalidPrice, "a price is -1.0, it must be positive"),
            ("nan", "1", InvalidPrice, "a price is nan"),
            ("100.1", "-1", InvalidQuantity, "a quantity is -1.0"),
            ("100.1", "inf", InvalidQuantity, "a quantity is inf"),
        ],
    )
    def test_numbers_off_the_sizes_and_stores_nothing(
        self, tmp_path: Path, price: str, quantity: str, error: type[UnusableFile], problem: str
    ) -> None:
        good = line(0, trade(0, 1, "100.0", "1"))
        path = write(tmp_path, good, line(1, depth(1, 1, [("100.0", "1"), (price, quantity)])))
        store = SeriesStore(tmp_path / "store")

        with pytest.raises(error, match=f"feed.gz, line 2: .*{problem}"):
            import_events(store, feed(path), KEY, sizes=SIZES)

        assert store.list_manifests() == []

    def test_a_file_that_is_not_there_or_empty(self, tmp_path: Path) -> None:
        with pytest.raises(FileMissing, match=r"none.gz: there is no such file"):
            read(tmp_path / "none.gz")
        (tmp_path / "empty.gz").touch()
        with pytest.raises(FileEmpty, match=r"empty.gz: is empty"):
            read(tmp_path / "empty.gz")


class TestCutEnd:
    LINES = tuple(line(ms, trade(ms, ms, "100.0", "1")) for ms in range(1, 4))

    def test_in_the_last_message_is_refused_unless_it_is_allowed(self, tmp_path: Path) -> None:
        path = write(tmp_path, *self.LINES, self.LINES[0][:60], end="")

        with pytest.raises(CutEnd, match=r"feed.gz, line 4: the last message is cut off after 60"):
            read(path)

        recording = feed(path, allow_cut_end=True)
        assert sum(len(batch.rows) for batch in recording.batches()) == 3
        fault = recording.tale().faults[-1]
        assert (fault.code, fault.count) == ("cut_end", 1)
        assert fault.times_ns == ((ELEVEN_MS + 3) * MS,)

    def test_of_compressed_data_is_refused_unless_it_is_allowed(self, tmp_path: Path) -> None:
        # Noise compresses badly: the cut lies behind whole lines.
        noise = [f"{number * 7919 % 1000:03d}" for number in range(3_000)]
        lines = [line(i, trade(i, i, "100.0", f"1.{text}")) for i, text in enumerate(noise, 1)]
        path = write(tmp_path, *lines)
        path.write_bytes(path.read_bytes()[:-2_000])

        with pytest.raises(CutEnd, match=r"line (\d+): the compressed data ends in the middle"):
            read(path)

        kept = read(path, allow_cut_end=True)
        assert 1_000 < len(kept) < 3_000
        assert kept["qty"].tolist() == [float(f"1.{text}") for text in noise[: len(kept)]]

    def test_that_lacks_only_the_line_break_is_whole(self, tmp_path: Path) -> None:
        assert len(read(write(tmp_path, *self.LINES, end=""))) == 3

    def test_is_not_what_a_wrong_line_in_the_middle_is(self, tmp_path: Path) -> None:
        path = write(tmp_path, self.LINES[0], self.LINES[1][:60], self.LINES[2])

        with pytest.raises(FileDamaged, match="line 2"):
            read(path, allow_cut_end=True)

    def test_is_not_what_damaged_data_is(self, tmp_path: Path) -> None:
        path = write(tmp_path, *self.LINES)
        content = bytearray(path.read_bytes())
        content[20:30] = bytes(10)
        path.write_bytes(content)

        with pytest.raises(FileDamaged, match="the compressed data is damaged"):
            read(path, allow_cut_end=True)

    def test_files_of_several_gzip_members_are_read_to_the_end(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.gz"
        path.write_bytes(b"".join(gzip.compress(f"{text}\n".encode()) for text in self.LINES))

        assert len(read(path)) == 3
