"""A recording of events into the store: all of it, or nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from common.data_pipeline.event_facts import EventFacts, RecordingFacts
from common.data_pipeline.events.hours import HourWriter, count_kind
from common.data_pipeline.events.messages import Batch, Recording, Tale
from common.data_pipeline.events.ordering import ordered
from common.data_pipeline.events.placing import check_sizes, clock_offset, continued
from common.data_pipeline.events.report import EventReport, report_of
from common.data_pipeline.events.sizes import Sizes
from common.data_pipeline.events.spill import EventSpill
from common.data_pipeline.exceptions import NoRows
from common.data_pipeline.folder import SeriesFolder
from common.data_pipeline.manifest import Manifest
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument
from common.domain.events import DEPTH, TRADE
from common.domain.instruments import SeriesKey

type Progress = Callable[[int], object]


def import_events(
    store: SeriesStore,
    recording: Recording,
    key: SeriesKey,
    *,
    sizes: Sizes,
    progress: Progress | None = None,
) -> EventReport:
    """Store the events of a recording after those that are stored, all of them or none.

    Parameters
    ----------
    store, key
        Where; the series is created if it is new.
    recording
        Read once, and never held whole.
    sizes
        Tick and lot that its prices and quantities must respect.
    progress
        Called now and then with the number of events read so far.

    Raises
    ------
    InvalidArgument
        If the key is not of events.
    NoRows
        If the recording holds no event.
    UnusableFile
        One of its subclasses, with file and line, if something in it is wrong.
    SizesDiffer, EventsOverlap
        If stored events state other sizes, or end after the recording begins.
    StoreLocked, StoreUnavailable, StoreCorrupted
        If another writer does not finish, the disk refuses, or the last stored hour is damaged.

    Notes
    -----
    A recording that is stored already, message by message, changes nothing.
    """
    if key.kind is not SeriesKind.EVENTS:
        raise InvalidArgument(f"{key} does not hold events", series=str(key))
    filled = (batch for batch in recording.batches() if len(batch.rows))
    # Most recordings that are refused are refused here, before a folder is made for them.
    first = next(filled, None)
    if first is None:
        raise NoRows(f"there is no event to store in {key}")
    sizes.check(first)
    with store.writing(key) as (folder, staging):
        task = _Import(path=first.path, folder=folder, staging=staging, sizes=sizes)
        return task.run(_watched(chain([first], filled), progress), recording)


def _watched(batches: Iterable[Batch], progress: Progress | None) -> Iterator[Batch]:
    count = 0
    for batch in batches:
        yield batch
        count += len(batch.rows)
        if progress is not None:
            progress(count)


@dataclass(slots=True, kw_only=True)
class _Import:
    """One import into one series, whose writer's lock is held."""

    path: Path
    folder: SeriesFolder
    staging: Path
    sizes: Sizes
    before: Manifest = field(init=False)

    def run(self, batches: Iterator[Batch], recording: Recording) -> EventReport:
        self.before = self.folder.read_manifest() or Manifest(self.folder.key, 0, ())
        check_sizes(self.before, self.sizes)
        spill = EventSpill(self.staging)
        for batch in batches:
            self.sizes.check(batch)
            spill.add(batch.rows)
        tale = recording.tale()
        stored = self.before.events.recordings if self.before.events else ()
        for known in stored:
            if known.hash == spill.hash:
                return report_of(known, self.before, tale, added=0)
        tale = continued(self.before, tale, spill.first_ns)
        offset_ns = clock_offset(self.before, spill, self.path)
        facts, manifest = self._write(spill, tale, offset_ns)
        self.folder.publish(self.staging, manifest, self.before.version)
        return report_of(facts, manifest, tale, added=facts.rows)

    def _write(
        self, spill: EventSpill, tale: Tale, offset_ns: int
    ) -> tuple[RecordingFacts, Manifest]:
        writer = HourWriter(self.staging, tale.gap_times_ns)
        if self.before.partitions:
            writer.resume(self.folder.path, self.before.partitions[-1])
        rows = trades = depth_updates = last_local_ns = 0
        for events in ordered(spill.parts(offset_ns)):
            writer.add(events)
            rows += len(events)
            trades += count_kind(events, TRADE)
            depth_updates += count_kind(events, DEPTH)
            last_local_ns = max(last_local_ns, int(events["local_ts"].max(initial=0)))
        writer.finish()
        facts = RecordingFacts(
            hash=spill.hash,
            start_ns=spill.first_ns,
            end_ns=spill.last_ns + 1,
            rows=rows,
            trades=trades,
            depth_updates=depth_updates,
            duplicates=tale.duplicates,
            clock_offset_ns=offset_ns,
            last_local_ns=last_local_ns,
            first_update_after=tale.first_update_after,
            last_update=tale.last_update,
            faults=tale.faults,
        )
        partitions = {partition.period: partition for partition in self.before.partitions}
        partitions.update({partition.period: partition for partition in writer.partitions})
        recordings = self.before.events.recordings if self.before.events else ()
        manifest = Manifest(
            self.before.key,
            self.before.version + 1,
            tuple(partitions[period] for period in sorted(partitions)),
            EventFacts(self.sizes.tick.size, self.sizes.lot.size, 0, (*recordings, facts)),
        )
        return facts, manifest
