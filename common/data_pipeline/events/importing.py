"""A recording of events into the store: all of it, or nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from common.data_pipeline.event_facts import MAX_FAULT_TIMES, EventFacts, Fault, RecordingFacts
from common.data_pipeline.events.exceptions import (
    EventsOverlap,
    ReceivedTooLate,
    SizesDiffer,
)
from common.data_pipeline.events.hashing import events_hash
from common.data_pipeline.events.hours import HourWriter, count_kind
from common.data_pipeline.events.messages import Batch, Recording, Tale
from common.data_pipeline.events.ordering import ordered
from common.data_pipeline.events.sizes import Sizes
from common.data_pipeline.events.spill import EventSpill
from common.data_pipeline.exceptions import NoRows
from common.data_pipeline.folder import SeriesFolder
from common.data_pipeline.manifest import Manifest
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Times
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument
from common.domain.events import DEPTH, TRADE
from common.domain.instruments import SeriesKey
from common.domain.time import NANOSECONDS, format_utc

type Progress = Callable[[int], object]

# Feeds deliver within seconds. Events received an hour later than others are a clock that was
# set, and keeping them until their turn would take more memory than an hour of events.
_MAX_DELAY_NS: Final = 3_600 * NANOSECONDS
# How far the receiver's clock may seem to go back from one recording to the next: each has its
# own least latency, by which its clock is corrected.
_MAX_STEP_BACK_NS: Final = NANOSECONDS


@dataclass(frozen=True, slots=True)
class EventReport:
    """What became of a recording.

    Parameters
    ----------
    rows
        Events stored of it, one that stands twice in the sequence counting twice.
    start_ns, end_ns
        Its first event, a nanosecond after its last; exchange's clock.
    gaps
        How often book updates are missing.
    duplicates
        Messages dropped because they repeat an earlier one exactly.
    hash
        Dataset hash of the hours it lies in, as they are now stored.
    trades, depth_updates
        Trades and changes of a price level in it.
    clock_offset_ns
        What was added to its times of receipt.
    faults
        What is wrong with it.
    ignored
        How many messages of other kinds it holds.
    added
        Events that were not stored before: all of them, or none.
    """

    rows: int
    start_ns: int
    end_ns: int
    gaps: int
    duplicates: int
    hash: str
    trades: int
    depth_updates: int
    clock_offset_ns: int
    faults: tuple[Fault, ...]
    ignored: dict[str, int]
    added: int


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
        self._check_sizes()
        spill = EventSpill(self.staging)
        for batch in batches:
            self.sizes.check(batch)
            spill.add(batch.rows)
        tale = recording.tale()
        stored = self.before.events.recordings if self.before.events else ()
        for known in stored:
            if known.hash == spill.hash:
                return _report(known, self.before, tale, added=0)
        tale = self._continued(tale, spill)
        offset_ns = self._clock_offset(spill)
        facts, manifest = self._write(spill, tale, offset_ns)
        self.folder.publish(self.staging, manifest, self.before.version)
        return _report(facts, manifest, tale, added=facts.rows)

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

    def _check_sizes(self) -> None:
        stored = self.before.events
        if stored is None:
            return
        for name, known, given in (
            ("tick", stored.tick, self.sizes.tick.size),
            ("lot", stored.lot, self.sizes.lot.size),
        ):
            if known != given:
                raise SizesDiffer(
                    f"the {name} of {self.before.key} is {known} as its events were stored, not"
                    f" {given}",
                    stored=str(known),
                    given=str(given),
                )

    def _continued(self, tale: Tale, spill: EventSpill) -> Tale:
        """Return the tale with the gap between the last recording and this one, if any."""
        if self.before.events is None:
            return tale
        before = self.before.events.recordings[-1].last_update
        if before is None or tale.first_update_after in {None, before}:
            return tale
        gap_times = np.concatenate([[spill.first_ns], tale.gap_times_ns])
        others = tuple(fault for fault in tale.faults if fault.code != "depth_gap")
        return Tale(
            duplicates=tale.duplicates,
            faults=(*others, gap_fault(gap_times)),
            gap_times_ns=gap_times,
            first_update_after=tale.first_update_after,
            last_update=tale.last_update,
            ignored=tale.ignored,
        )

    def _clock_offset(self, spill: EventSpill) -> int:
        """Return what makes no latency negative and lets no time of receipt go back.

        Raises
        ------
        ReceivedTooLate
            If latencies differ by more than an hour.
        EventsOverlap
            If the recording begins before the stored events end.
        """
        spread_ns = spill.greatest_latency_ns - spill.least_latency_ns
        if spread_ns > _MAX_DELAY_NS:
            raise ReceivedTooLate(
                self.path,
                f"events were received up to {spread_ns / NANOSECONDS:,.0f} s later than others,"
                f" at most {_MAX_DELAY_NS // NANOSECONDS:,} s are possible: the receiver's clock"
                " was set meanwhile",
            )
        offset_ns = max(0, -spill.least_latency_ns)
        if self.before.events is None:
            return offset_ns
        end_ns = self.before.partitions[-1].last_ns
        last_local_ns = self.before.events.recordings[-1].last_local_ns
        back_ns = last_local_ns - (spill.first_local_ns + offset_ns)
        if spill.first_ns < end_ns or back_ns > _MAX_STEP_BACK_NS:
            raise EventsOverlap(
                f"the recording begins at {format_utc(spill.first_ns)}, the stored events of"
                f" {self.folder.key} end at {format_utc(end_ns)}: recordings are added in the"
                " order of time",
                start=format_utc(spill.first_ns),
                stored_end=format_utc(end_ns),
            )
        return offset_ns + max(0, back_ns)


def gap_fault(times_ns: Times) -> Fault:
    """Return the fault of book updates that are missing at these times, at least one."""
    return Fault("depth_gap", len(times_ns), 0, tuple(times_ns[:MAX_FAULT_TIMES].tolist()))


def _report(facts: RecordingFacts, manifest: Manifest, tale: Tale, *, added: int) -> EventReport:
    if manifest.events is None:
        raise ValueError(f"{manifest.key} holds no events")
    hours = manifest.overlapping(facts.start_ns, facts.end_ns)
    return EventReport(
        rows=facts.rows,
        start_ns=facts.start_ns,
        end_ns=facts.end_ns,
        gaps=facts.gaps,
        duplicates=facts.duplicates,
        hash=events_hash(manifest.events, hours),
        trades=facts.trades,
        depth_updates=facts.depth_updates,
        clock_offset_ns=facts.clock_offset_ns,
        faults=facts.faults,
        ignored=tale.ignored,
        added=added,
    )
