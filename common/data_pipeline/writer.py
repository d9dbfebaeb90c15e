"""Merging a file into a series, month by month, under the writer's lock."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.data_pipeline.arrays import to_numpy
from common.data_pipeline.batches import check
from common.data_pipeline.durable import disk_errors
from common.data_pipeline.folder import SeriesFolder
from common.data_pipeline.grid import missing
from common.data_pipeline.layouts import LAYOUTS
from common.data_pipeline.manifest import Manifest, Partition
from common.data_pipeline.merging import Merged, combine, settle
from common.data_pipeline.partitions import read_verified, write_partition
from common.data_pipeline.spill import Spill
from common.domain.timeframe import Timeframe

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows of a file, or of one month of it.

    Parameters
    ----------
    rows
        Rows of the file that are now stored, including those that already were.
    added, replaced
        How many of them were not stored before; how many took the place of other values.
    first_ns, last_ns
        Times of the file's first and last row.
    gaps
        Bars missing from the file between these two.
    duplicates
        Rows of the file dropped because they repeat another one exactly.
    """

    rows: int
    added: int
    replaced: int
    first_ns: int
    last_ns: int
    gaps: int
    duplicates: int

    def followed_by(self, later: "Outcome", timeframe: Timeframe | None) -> "Outcome":
        """Return what became of the rows of both, the other being of a later month."""
        between = missing(np.array([self.last_ns, later.first_ns]), timeframe)
        return Outcome(
            rows=self.rows + later.rows,
            added=self.added + later.added,
            replaced=self.replaced + later.replaced,
            first_ns=self.first_ns,
            last_ns=later.last_ns,
            gaps=self.gaps + between + later.gaps,
            duplicates=self.duplicates + later.duplicates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One merge into one series.

    Parameters
    ----------
    folder
        The series; the caller holds its writer's lock.
    staging
        An empty folder on the same disk.
    replace
        Whether new rows win over stored rows with the same key and other values.
    """

    folder: SeriesFolder
    staging: Path
    replace: bool

    def run(self, batches: Iterable["pa.RecordBatch"]) -> Outcome:
        """Merge the rows, at least one, and commit, if that changes anything.

        Raises
        ------
        InvalidRow, ConflictingRows, StoredBarsDiffer
            If the rows contradict reason, each other, or what is stored; nothing changes.
        StoreUnavailable
            If the disk refuses; nothing changes.
        """
        spill = self._spill(batches)
        before = self.folder.read_manifest() or Manifest(self.folder.key, 0, ())
        partitions = {partition.month: partition for partition in before.partitions}
        outcomes = []
        for month in spill.months():
            table = spill.read(month)
            partition, outcome = self._merge_month(table, partitions.get(month), month)
            spill.drop(month)
            partitions[month] = partition
            outcomes.append(outcome)
        timeframe = self.folder.key.timeframe
        total = reduce(lambda earlier, later: earlier.followed_by(later, timeframe), outcomes)
        if total.added or total.replaced:
            ordered = tuple(partitions[month] for month in sorted(partitions))
            after = Manifest(before.key, before.version + 1, ordered)
            self.folder.publish(self.staging, after, before.version)
        return total

    def _spill(self, batches: Iterable["pa.RecordBatch"]) -> Spill:
        layout = LAYOUTS[self.folder.key.kind]
        spill = Spill(self.staging, layout)
        for batch in batches:
            check(batch, layout)
            with disk_errors(self.folder.path):
                spill.add(batch)
        return spill

    def _merge_month(
        self, given: "pa.Table", stored: Partition | None, month: str
    ) -> tuple[Partition, Outcome]:
        key, path = self.folder.key, self.folder.path
        layout = LAYOUTS[key.kind]
        new = settle(given, layout)
        if stored is None:
            merged = Merged(new, added=len(new), replaced=0)
        else:
            old = read_verified(path / stored.file, stored, key.kind)
            merged = combine(old, new, layout, replace=self.replace)
        partition = stored
        if partition is None or merged.added or merged.replaced:
            with disk_errors(path):
                partition = write_partition(self.staging, key, month=month, table=merged.table)
        times = to_numpy(new.column(layout.time))
        return partition, Outcome(
            rows=len(new),
            added=merged.added,
            replaced=merged.replaced,
            first_ns=int(times[0]),
            last_ns=int(times[-1]),
            gaps=missing(times, key.timeframe),
            duplicates=len(given) - len(new),
        )
