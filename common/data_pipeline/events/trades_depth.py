"""Trades in one table and changes of the book in another, of any venue."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.event_facts import Fault
from common.data_pipeline.events.exceptions import ConflictingMessages
from common.data_pipeline.events.messages import MESSAGE_DTYPE, Batch, Messages, Tale
from common.data_pipeline.events.repeats import Repeats
from common.data_pipeline.events.snapshots import SnapshotClearer
from common.data_pipeline.importers.batch import Batch as TableBatch
from common.data_pipeline.importers.exceptions import UnknownLayout
from common.data_pipeline.importers.layouts import (
    DEPTH_LAYOUTS,
    EVENT_TRADE_LAYOUTS,
    FileLayout,
)
from common.data_pipeline.importers.numbers import read_numbers
from common.data_pipeline.importers.sources import open_source, read_batches
from common.data_pipeline.importers.times import TimeReader
from common.data_pipeline.importers.trades import read_ids, read_sides, read_signs
from common.domain.bars import Times
from common.domain.events import BUY, DEPTH, DEPTH_SNAPSHOT, SELL, TRADE

_SIDES: Final = {"bid": 1, "buy": 1, "b": 1, "ask": -1, "sell": -1, "a": -1, "s": -1}
_SNAPSHOT: Final = {"true": 1, "t": 1, "1": 1, "false": -1, "f": -1, "0": -1}


class TradesAndDepth:
    """A table of trades and a table of changes of the book, as text, Feather or Parquet.

    Parameters
    ----------
    trades
        Columns `time`, `side` of the taker (buy or sell), `price`, `quantity`; optional `id`
        and `local_time`.
    depth
        Columns `time`, `side` (bid or ask), `price`, `quantity` now at that price, 0 where the
        level is gone; optional `is_snapshot` (true or false) and `local_time`.
    feed_latency_ns
        Constant time from an event to its receipt, >= 0, for a table without `local_time`;
        None refuses one.

    Notes
    -----
    Of events of one time trades come first, then changes of the book, each in the order of
    its table. Rows of a snapshot that follow each other and have one time are one snapshot: it
    clears each side that it has, up to the level farthest from the best. Trades with equal ids
    are one trade; without ids, equal rows are different trades.
    """

    def __init__(self, trades: Path, depth: Path, *, feed_latency_ns: int | None = None) -> None:
        self._trades = trades
        self._depth = depth
        self._feed_latency_ns = feed_latency_ns
        self._repeats = Repeats()
        self._snapshots = SnapshotClearer()

    def batches(self) -> Iterator[Batch]:
        """Yield the trades, then the changes of the book.

        Raises
        ------
        UnusableFile
            One of its subclasses, with file and line, as soon as something wrong is met.
        """
        for batch in self._tables(self._trades, EVENT_TRADE_LAYOUTS):
            rows = self._rows(batch)
            rows["ev"] = TRADE | _flags(read_sides(batch))
            wanted = ~self._repeated(batch, rows)
            yield Batch(batch.path, rows[wanted], batch.lines[wanted], batch.unit)
        for batch in self._tables(self._depth, DEPTH_LAYOUTS):
            rows = self._rows(batch)
            rows["ev"] = _kinds(batch) | _flags(read_signs(batch, "side", _SIDES))
            yield from self._snapshots.add(Batch(batch.path, rows, batch.lines, batch.unit))
        yield from self._snapshots.finish()

    def tale(self) -> Tale:
        """Return what is known after the last batch."""
        return Tale(
            duplicates=self._repeats.count,
            faults=() if self._snapshots.count else (Fault("no_snapshot", 1, 0, ()),),
            gap_times_ns=np.empty(0, np.int64),
            first_update_after=None,
            last_update=None,
            ignored={},
        )

    def _tables(self, path: Path, layouts: Sequence[FileLayout]) -> Iterator[TableBatch]:
        self._times, self._local_times = TimeReader(), TimeReader()
        return read_batches(open_source(path, layouts), path)

    def _rows(self, batch: TableBatch) -> Messages:
        rows = np.empty(len(batch), MESSAGE_DTYPE)
        rows["exch_ts"] = self._times.read(batch)
        rows["local_ts"] = self._receipts(batch, rows["exch_ts"])
        rows["px"], rows["qty"] = read_numbers(batch, "price"), read_numbers(batch, "quantity")
        return rows

    def _receipts(self, batch: TableBatch, exch_ns: Times) -> Times:
        if "local_time" in batch.columns:
            columns = {"time": batch.columns["local_time"]}
            return self._local_times.read(TableBatch(batch.path, columns, batch.lines, batch.unit))
        if self._feed_latency_ns is None:
            raise UnknownLayout(
                batch.path,
                "there is no column local_time: state the time from an event to its receipt",
            )
        return exch_ns + self._feed_latency_ns

    def _repeated(self, batch: TableBatch, rows: Messages) -> NDArray[np.bool_]:
        ids = read_ids(batch).to_pylist()
        repeated = np.zeros(len(rows), np.bool_)
        for place, (trade_id, row) in enumerate(zip(ids, rows.tolist(), strict=True)):
            if not trade_id:
                continue
            try:
                repeated[place] = self._repeats.is_repeated(trade_id, hash(row))
            except ValueError as e:
                raise batch.error(ConflictingMessages, place, str(e)) from e
        return repeated


def _flags(signs: NDArray[np.int8]) -> NDArray[np.uint64]:
    return np.where(signs > 0, BUY, SELL).astype(np.uint64)


def _kinds(batch: TableBatch) -> NDArray[np.uint64]:
    if "is_snapshot" not in batch.columns:
        return np.full(len(batch), DEPTH, np.uint64)
    signs = read_signs(batch, "is_snapshot", _SNAPSHOT)
    return np.where(signs > 0, DEPTH_SNAPSHOT, DEPTH).astype(np.uint64)
