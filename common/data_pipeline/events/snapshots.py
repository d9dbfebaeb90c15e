"""Whole books among the rows of a table: each first clears the range that it covers."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.events.messages import Batch, Messages
from common.domain.bars import Times
from common.domain.events import BUY, DEPTH_CLEAR, DEPTH_SNAPSHOT, KIND_MASK, SELL


class SnapshotClearer:
    """Puts an event that clears the book before each snapshot, side by side.

    Snapshot rows that follow each other and have one time are one snapshot, also where it
    lies across two batches.

    Attributes
    ----------
    count
        How many snapshots there were.
    """

    def __init__(self) -> None:
        self._held: Batch | None = None
        self.count = 0

    def add(self, batch: Batch) -> Iterator[Batch]:
        """Yield the batch, at least one row, without a snapshot that may go on after it."""
        known = _joined(self._held, batch)
        starts = _group_starts(known.rows)
        self._held = None
        if _is_snapshot(known.rows[-1:])[0]:
            self._held = _cut(known, starts[-1], len(known.rows))
            starts = starts[:-1] if starts[-1] else []
            known = _cut(known, 0, len(known.rows) - len(self._held.rows))
        if len(known.rows):
            yield self._cleared(known, [*starts, len(known.rows)])

    def finish(self) -> Iterator[Batch]:
        """Yield the snapshot that the table ends with, if it does."""
        if self._held is not None:
            yield self._cleared(self._held, [0, len(self._held.rows)])

    def _cleared(self, batch: Batch, bounds: list[int]) -> Batch:
        rows: list[Messages] = []
        lines: list[Times] = []
        for start, stop in pairwise(bounds):
            group = batch.rows[start:stop]
            if _is_snapshot(group[:1])[0]:
                self.count += 1
                clears = _clears(group)
                rows.append(clears)
                lines.append(np.full(len(clears), batch.lines[start]))
            rows.append(group)
            lines.append(batch.lines[start:stop])
        return Batch(batch.path, np.concatenate(rows), np.concatenate(lines), batch.unit)


def _clears(snapshot: Messages) -> Messages:
    """Return an event for each side of a snapshot that clears it up to its last level."""
    clears = []
    for side, worst in ((BUY, np.min), (SELL, np.max)):
        levels = snapshot[snapshot["ev"] & side != 0]
        if len(levels):
            clear = levels[:1].copy()
            clear["ev"], clear["px"], clear["qty"] = DEPTH_CLEAR | side, worst(levels["px"]), 0
            clears.append(clear)
    return np.concatenate(clears)


def _group_starts(rows: Messages) -> list[int]:
    flags, times = _is_snapshot(rows), rows["exch_ts"]
    other = (flags[1:] != flags[:-1]) | (flags[1:] & (times[1:] != times[:-1]))
    return [0, *(np.flatnonzero(other) + 1).tolist()]


def _is_snapshot(rows: Messages) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = rows["ev"] & KIND_MASK == DEPTH_SNAPSHOT
    return flags


def _joined(earlier: Batch | None, later: Batch) -> Batch:
    if earlier is None:
        return later
    rows = np.concatenate([earlier.rows, later.rows])
    lines = np.concatenate([earlier.lines, later.lines])
    return Batch(later.path, rows, lines, later.unit)


def _cut(batch: Batch, start: int, stop: int) -> Batch:
    return Batch(batch.path, batch.rows[start:stop], batch.lines[start:stop], batch.unit)
