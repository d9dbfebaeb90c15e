from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from common.data_pipeline.events.exceptions import ConflictingMessages
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.messages import Messages
from common.data_pipeline.events.sizes import Sizes, Step
from common.data_pipeline.events.tests.feeds import KEY, SIZES, stored
from common.data_pipeline.events.trades_depth import TradesAndDepth
from common.data_pipeline.importers.exceptions import InvalidSide, UnknownLayout, UnreadableTime
from common.data_pipeline.store import SeriesStore
from common.domain.events import (
    BUY,
    DEPTH,
    DEPTH_CLEAR,
    DEPTH_SNAPSHOT,
    KIND_MASK,
    SELL,
    TRADE,
)

MS = 1_000_000
NOON_MS = 1_723_118_400_000
TRADES = (
    "time,side,price,quantity",
    f"{NOON_MS + 5},buy,100.1,0.5",
    f"{NOON_MS + 7},sell,100.0,1",
)
DEPTH_ROWS = (
    "time,side,price,quantity,is_snapshot",
    f"{NOON_MS},bid,100.0,2,true",
    f"{NOON_MS},bid,99.0,3,true",
    f"{NOON_MS},ask,100.1,4,true",
    f"{NOON_MS + 5},ask,100.1,3.5,false",
    f"{NOON_MS + 9},bid,99.0,0,false",
)


def text(folder: Path, name: str, rows: tuple[str, ...]) -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def recording(
    folder: Path,
    trades: tuple[str, ...] = TRADES,
    depth: tuple[str, ...] = DEPTH_ROWS,
    latency_ns: int | None = 3,
) -> TradesAndDepth:
    paths = text(folder, "trades.csv", trades), text(folder, "depth.csv", depth)
    return TradesAndDepth(*paths, feed_latency_ns=latency_ns)


def read(source: TradesAndDepth) -> Messages:
    return np.concatenate([batch.rows for batch in source.batches()])


class TestTradesAndDepth:
    def test_become_one_sequence(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path / "store")

        report = import_events(store, recording(tmp_path), KEY, sizes=SIZES)

        events = stored(store)
        clear, level = DEPTH_CLEAR, DEPTH_SNAPSHOT
        assert (events["ev"] & (KIND_MASK | BUY | SELL)).tolist() == [
            *(clear | BUY, clear | SELL, level | BUY, level | BUY, level | SELL),
            *(TRADE | BUY, DEPTH | SELL, TRADE | SELL, DEPTH | BUY),
        ]
        assert events["px"].tolist() == [99, 100.1, 100, 99, 100.1, 100.1, 100.1, 100, 99]
        assert events["qty"].tolist() == [0, 0, 2, 3, 4, 0.5, 3.5, 1, 0]
        at = [(NOON_MS + ms) * MS for ms in (0, 0, 0, 0, 0, 5, 5, 7, 9)]
        assert events["exch_ts"].tolist() == at
        assert events["local_ts"].tolist() == [time + 3 for time in at]
        assert (report.trades, report.depth_updates, report.faults) == (2, 2, ())

    def test_have_their_own_times_of_receipt_where_the_tables_tell_them(
        self, tmp_path: Path
    ) -> None:
        trades = (
            "timestamp,local_timestamp,side,price,amount",
            f"{NOON_MS * 1_000},{NOON_MS * 1_000 + 40},buy,100,1",
        )
        depth = ("time,local_time,side,price,quantity", f"{NOON_MS},{NOON_MS + 2},a,100.1,1")

        rows = read(recording(tmp_path, trades, depth, latency_ns=None))

        assert (rows["local_ts"] - rows["exch_ts"]).tolist() == [40_000, 2 * MS]

    def test_need_a_stated_latency_where_the_tables_tell_none(self, tmp_path: Path) -> None:
        with pytest.raises(
            UnknownLayout, match=r"trades.csv: there is no column local_time: state"
        ):
            read(recording(tmp_path, latency_ns=None))

    def test_may_be_tables_in_binary_form(self, tmp_path: Path) -> None:
        times = np.array([NOON_MS, NOON_MS]) * MS
        columns: Mapping[str, object] = {
            "ts_ns": times,
            "side": ["buy", "sell"],
            "price": [100.0, 100.1],
            "qty": [1.0, 2.0],
        }
        paths = tmp_path / "trades.parquet", tmp_path / "depth.parquet"
        parquet.write_table(pa.table(columns), paths[0])
        parquet.write_table(pa.table({**columns, "is_snapshot": [False, True]}), paths[1])

        rows = read(TradesAndDepth(*paths, feed_latency_ns=0))

        assert (rows["ev"] & KIND_MASK).tolist() == [
            TRADE,
            TRADE,
            DEPTH,
            DEPTH_CLEAR,
            DEPTH_SNAPSHOT,
        ]
        assert rows["px"].tolist() == [100.0, 100.1, 100.0, 100.1, 100.1]

    def test_snapshots_of_two_times_are_two(self, tmp_path: Path) -> None:
        depth = (
            DEPTH_ROWS[0],
            *(f"{NOON_MS},bid,100,1,true", f"{NOON_MS + 1},bid,101,1,true"),
            *(f"{NOON_MS + 1},bid,99,1,true", f"{NOON_MS + 2},ask,102,1,false"),
        )

        rows = read(recording(tmp_path, TRADES, depth))[2:]

        kinds = [DEPTH_CLEAR, DEPTH_SNAPSHOT, DEPTH_CLEAR, DEPTH_SNAPSHOT, DEPTH_SNAPSHOT, DEPTH]
        assert (rows["ev"] & KIND_MASK).tolist() == kinds
        assert rows["px"].tolist() == [100, 100, 99, 101, 99, 102]

    def test_trades_with_one_id_are_one_trade(self, tmp_path: Path) -> None:
        trades = ("id,time,side,price,quantity", *[f"x,{NOON_MS},buy,100,1"] * 2)
        source = recording(tmp_path, trades)

        assert len(read(source)) == 1 + len(DEPTH_ROWS[1:]) + 2
        assert source.tale().duplicates == 1

    def test_equal_trades_without_ids_are_different_trades(self, tmp_path: Path) -> None:
        source = recording(tmp_path, (TRADES[0], *[TRADES[1]] * 2))

        assert len(read(source)) == 2 + len(DEPTH_ROWS[1:]) + 2
        assert source.tale().duplicates == 0

    def test_without_a_snapshot_say_so(self, tmp_path: Path) -> None:
        source = recording(tmp_path, TRADES, (DEPTH_ROWS[0], DEPTH_ROWS[-1]))
        read(source)

        assert [fault.code for fault in source.tale().faults] == ["no_snapshot"]

    @pytest.mark.parametrize(
        ("trades", "error", "problem"),
        [
            ((f"{NOON_MS},up,1,1",), InvalidSide, "line 2: side is 'up', must be buy or b or"),
            (("soon,buy,1,1",), UnreadableTime, "line 2"),
        ],
    )
    def test_refuse_a_wrong_line_by_its_number(
        self, tmp_path: Path, trades: tuple[str, ...], error: type[Exception], problem: str
    ) -> None:
        with pytest.raises(error, match=f"trades.csv, {problem}"):
            read(recording(tmp_path, (TRADES[0], *trades)))

    def test_refuse_two_trades_with_one_id(self, tmp_path: Path) -> None:
        trades = ("id,time,side,price,quantity", f"x,{NOON_MS},buy,1,1", f"x,{NOON_MS},buy,1,2")

        with pytest.raises(ConflictingMessages, match=r"trades.csv, line 3: another message"):
            read(recording(tmp_path, trades))

    def test_refuse_a_table_without_sides_of_the_book(self, tmp_path: Path) -> None:
        depth = ("time,price,quantity", f"{NOON_MS},100,1")

        with pytest.raises(UnknownLayout, match=r"depth.csv: .* known: plain_depth"):
            read(recording(tmp_path, TRADES, depth))


class TestRealTrades:
    def test_of_another_publisher_are_stored_with_a_book(
        self, sample_data: Path, tmp_path: Path
    ) -> None:
        depth = ("time,side,price,quantity", "1570752011620,bid,0.00141266,10")
        source = TradesAndDepth(
            sample_data / "binance_XRP_ETH_trades.feather",
            text(tmp_path, "depth.csv", depth),
            feed_latency_ns=5 * MS,
        )
        store = SeriesStore(tmp_path / "store")
        sizes = Sizes(Step(Decimal("0.00000001")), Step(Decimal(1)))

        report = import_events(store, source, KEY, sizes=sizes)

        assert (report.trades, report.depth_updates, report.rows) == (12_477, 1, 12_478)
        assert len(store.manifest(KEY).partitions) > 24
