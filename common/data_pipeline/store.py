"""The store of market data: immutable monthly files under one manifest per series."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.data_pipeline.batches import from_bars, from_tables
from common.data_pipeline.exceptions import NoRows, SeriesNotFound
from common.data_pipeline.folder import SeriesFolder, list_manifests
from common.data_pipeline.layouts import LAYOUTS
from common.data_pipeline.manifest import Manifest, row_length_ns
from common.data_pipeline.partitions import read_verified
from common.data_pipeline.reading import Selection, to_bars
from common.data_pipeline.rows import BarRows
from common.data_pipeline.writer import Merge
from common.domain.bars import Bars
from common.domain.clock import Clock, SystemClock
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

if TYPE_CHECKING:
    import pyarrow as pa

_GRACE: Final = timedelta(hours=24)
_LOCK_SECONDS: Final = 60.0
_NEARBY: Final = 5


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What became of a file's rows.

    Parameters
    ----------
    rows
        Rows of the file that are now stored, including those that already were.
    start_ns, end_ns
        Open time of the file's first bar, close time of its last.
    gaps
        Bars missing from the file between its first and last.
    duplicates
        Rows of the file dropped because they repeat another one exactly.
    hash
        Dataset hash of `[start_ns, end_ns)` as it is now stored.
    added, replaced
        How many rows were not stored before; how many took the place of other values.
    """

    rows: int
    start_ns: int
    end_ns: int
    gaps: int
    duplicates: int
    hash: str
    added: int
    replaced: int


class SeriesStore:
    """All series below one folder.

    Parameters
    ----------
    root
        The folder; created at the first write.
    clock
        Tells how long a file has not been named by any manifest.
    lock_seconds
        How long a writer waits for another one of the same series.
    grace
        How long data files stay after a manifest stops naming them.

    Notes
    -----
    A reader opens what one manifest names, and those files outlive it by the grace: reading
    needs no lock and never sees half a write.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Clock | None = None,
        lock_seconds: float = _LOCK_SECONDS,
        grace: timedelta = _GRACE,
    ) -> None:
        self.root = root
        self._clock = clock or SystemClock()
        self._lock_seconds = lock_seconds
        self._grace = grace

    def manifest(self, key: SeriesKey) -> Manifest:
        """Return what is stored of a series.

        Raises
        ------
        SeriesNotFound
            If nothing is; names what is stored nearby.
        ManifestUnreadable
            If a newer release wrote it.
        """
        manifest = SeriesFolder(self.root, key).read_manifest()
        if manifest is None:
            raise self._not_found(key)
        return manifest

    def list_manifests(self) -> list[Manifest]:
        """Return what is stored of every series, by venue, symbol and kind; opens no data."""
        return list_manifests(self.root)

    def read_bars(
        self, key: SeriesKey, start_ns: int | None = None, end_ns: int | None = None
    ) -> Bars:
        """Return the stored bars that open in `[start_ns, end_ns)`; None is unbounded.

        Raises
        ------
        SeriesNotFound
            If nothing is stored of the series; a period without bars gives no bars.
        InvalidPeriod
            If the end does not come after the start.
        """
        selection, timeframe = self._select(key, start_ns, end_ns), _timeframe(key)
        capacity = sum(partition.rows for partition in selection.partitions())
        return to_bars(selection.tables(), timeframe, capacity)

    def iter_bars(
        self, key: SeriesKey, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[Bars]:
        """Yield what `read_bars` returns month by month, without the months that have none.

        Raises
        ------
        SeriesNotFound
            If nothing is stored of the series.
        InvalidPeriod
            If the end does not come after the start.
        """
        selection, timeframe = self._select(key, start_ns, end_ns), _timeframe(key)
        return (
            to_bars(iter([table]), timeframe, len(table))
            for table in selection.tables()
            if len(table)
        )

    def read_before(self, key: SeriesKey, end_ns: int, count: int) -> Bars:
        """Return the last `count` stored bars that open before a time, or all if fewer.

        Raises
        ------
        SeriesNotFound
            If nothing is stored of the series.
        """
        whole = self._select(key, None, end_ns)
        needed, start_ns = count, end_ns
        for partition in reversed(whole.partitions()):
            if needed <= 0:
                break
            start_ns = partition.first_ns
            # A month that reaches beyond the end may hold few bars before it.
            needed -= partition.rows if partition.last_ns < end_ns else 0
        if count <= 0 or start_ns == end_ns:
            return Bars.empty(_timeframe(key))
        bars = self.read_bars(key, start_ns, end_ns)
        return bars.rows(max(0, len(bars) - count), len(bars))

    def read_table(
        self, key: SeriesKey, start_ns: int | None = None, end_ns: int | None = None
    ) -> "pa.Table":
        """Return the stored rows with times in `[start_ns, end_ns)`, columns as in `LAYOUTS`.

        Raises
        ------
        SeriesNotFound
            If nothing is stored of the series; a period without rows gives no rows.
        InvalidPeriod
            If the end does not come after the start.
        """
        import pyarrow as pa

        selection = self._select(key, start_ns, end_ns)
        schema = LAYOUTS[key.kind].schema()
        return pa.concat_tables([schema.empty_table(), *selection.tables()])

    def dataset_hash(
        self, key: SeriesKey, start_ns: int | None = None, end_ns: int | None = None
    ) -> str:
        """Return the dataset hash of the stored rows with times in `[start_ns, end_ns)`.

        Raises
        ------
        SeriesNotFound
            If nothing is stored of the series.
        InvalidPeriod
            If the end does not come after the start.
        """
        return self._select(key, start_ns, end_ns).hash()

    def verify(self, key: SeriesKey) -> None:
        """Prove that the data files hold what was written; reads a month at a time.

        Raises
        ------
        SeriesNotFound
            If nothing is stored of the series.
        StoreCorrupted
            If a file is missing or damaged, or holds other rows.
        """
        _check_rows(key)
        manifest, folder = self.manifest(key), SeriesFolder(self.root, key).path
        for partition in manifest.partitions:
            read_verified(folder / partition.file, partition, key.kind)

    def merge_bars(
        self, key: SeriesKey, batches: Iterable[BarRows], *, replace: bool = False
    ) -> MergeReport:
        """Store the bars of a file, all of them or none.

        Parameters
        ----------
        key
            The series; created if it is new.
        batches
            Rows in any order; read once, never held together.
        replace
            Whether they win over stored bars of the same time with other values.

        Raises
        ------
        NoRows
            If there is no row.
        InvalidRow, ConflictingRows
            If a number cannot be a price, or two rows of one time differ.
        StoredBarsDiffer
            If a stored bar has other values and `replace` is false.
        StoreLocked, StoreUnavailable
            If another writer does not finish, or the disk refuses.
        """
        return self._merge(key, from_bars(batches), replace=replace)

    def merge_table(
        self,
        key: SeriesKey,
        tables: Iterable["pa.Table | pa.RecordBatch"],
        *,
        replace: bool = False,
    ) -> MergeReport:
        """Store the rows of a file of any kind, all of them or none.

        Parameters
        ----------
        key
            The series; created if it is new.
        tables
            Rows in any order with the columns of the kind's layout and, if they are known,
            `line` (int64): where each stands in its file.
        replace
            Whether they win over stored rows with the same key and other values.

        Raises
        ------
        NoRows, InvalidRow, ConflictingRows, StoredBarsDiffer, StoreLocked, StoreUnavailable
            As `merge_bars`.
        """
        return self._merge(key, from_tables(key.kind, tables), replace=replace)

    def commit(self, manifest: Manifest, expected_version: int) -> None:
        """Make a manifest its series' state if the committed version is the expected one.

        Raises
        ------
        StaleManifest
            If another writer committed in between.
        StoreLocked, StoreUnavailable
            If another writer does not finish, or the disk refuses.
        """
        folder = SeriesFolder(self.root, manifest.key)
        with folder.writing(self._lock_seconds):
            folder.commit(manifest, expected_version)

    @contextmanager
    def writing(self, key: SeriesKey) -> Iterator[tuple[SeriesFolder, Path]]:
        """Hold a series' lock; yield its folder, and an empty one for files not finished.

        Raises
        ------
        StoreLocked, StoreUnavailable
            If another writer does not finish, or the disk refuses.
        """
        folder = SeriesFolder(self.root, key)
        with folder.writing(self._lock_seconds) as staging:
            yield folder, staging
            folder.remove_unreferenced(self._clock.now() - self._grace)

    def remove_unreferenced(self) -> list[Path]:
        """Remove data files that no manifest has named for the time of grace; return them.

        Raises
        ------
        StoreLocked, StoreUnavailable
            If a writer does not finish, or the disk refuses.
        """
        before = self._clock.now() - self._grace
        removed = []
        for manifest in self.list_manifests():
            folder = SeriesFolder(self.root, manifest.key)
            with folder.writing(self._lock_seconds):
                removed += folder.remove_unreferenced(before)
        return removed

    def _merge(
        self, key: SeriesKey, batches: Iterable["pa.RecordBatch"], *, replace: bool
    ) -> MergeReport:
        _check_rows(key)
        filled = (batch for batch in batches if batch.num_rows)
        # Most files that are refused are refused here, before a folder is made for them.
        first = next(filled, None)
        if first is None:
            raise NoRows(f"there is no row to store in {key}")
        with self.writing(key) as (folder, staging):
            merge = Merge(folder=folder, staging=staging, replace=replace)
            outcome = merge.run(chain([first], filled))
        end_ns = outcome.last_ns + row_length_ns(key)
        return MergeReport(
            rows=outcome.rows,
            start_ns=outcome.first_ns,
            end_ns=end_ns,
            gaps=outcome.gaps,
            duplicates=outcome.duplicates,
            hash=self.dataset_hash(key, outcome.first_ns, end_ns),
            added=outcome.added,
            replaced=outcome.replaced,
        )

    def _select(self, key: SeriesKey, start_ns: int | None, end_ns: int | None) -> Selection:
        _check_rows(key)
        if start_ns is not None and end_ns is not None and end_ns <= start_ns:
            raise InvalidPeriod(
                f"the period ends at {format_utc(end_ns)}, not after its start at"
                f" {format_utc(start_ns)}",
                start=format_utc(start_ns),
                end=format_utc(end_ns),
            )
        return Selection(SeriesFolder(self.root, key).path, self.manifest(key), start_ns, end_ns)

    def _not_found(self, key: SeriesKey) -> SeriesNotFound:
        def distance(other: SeriesKey) -> tuple[bool, bool, bool]:
            ours, theirs = key.instrument, other.instrument
            return ours != theirs, ours.symbol != theirs.symbol, ours.venue != theirs.venue

        stored = sorted((manifest.key for manifest in self.list_manifests()), key=distance)
        nearby = [str(other) for other in stored[:_NEARBY]]
        return SeriesNotFound(
            f"{key} is not stored; stored nearby: {', '.join(nearby) or 'nothing'}",
            series=str(key),
            nearby=list(nearby),
        )


def _check_rows(key: SeriesKey) -> None:
    if key.kind is SeriesKind.EVENTS:
        raise InvalidArgument(
            f"{key} holds order-book events, which are files and not rows of a table",
            series=str(key),
        )


def _timeframe(key: SeriesKey) -> Timeframe:
    if key.timeframe is None:
        raise InvalidArgument(f"{key} holds no bars")
    return key.timeframe
