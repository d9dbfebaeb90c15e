"""Which files make a period of stored events, and the proof that they are what was written."""

from typing import Final

import numpy as np

from common.data_pipeline.events.files import prove_file, read_proved
from common.data_pipeline.events.hashing import events_hash
from common.data_pipeline.exceptions import NoRows, StoreCorrupted
from common.data_pipeline.folder import SeriesFolder
from common.data_pipeline.manifest import Manifest
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.events import AT_EXCHANGE, AT_LOCAL, EventFiles
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc

_CLOCKS: Final = (("exch_ts", AT_EXCHANGE), ("local_ts", AT_LOCAL))


def read_event_files(  # noqa: PLR0917 - as `SeriesStore.read_bars`, with the store in front
    store: SeriesStore, key: SeriesKey, start_ns: int | None = None, end_ns: int | None = None
) -> EventFiles:
    """Return the stored files with the events of `[start_ns, end_ns)`; None is unbounded.

    Nothing is copied or unpacked: the engine opens the files themselves. They are whole hours
    and stay for the store's time of grace, also if the series is written meanwhile.

    Raises
    ------
    InvalidArgument
        If the key is not of events.
    SeriesNotFound
        If nothing is stored of the series.
    InvalidPeriod
        If the end does not come after the start.
    NoRows
        If no event is stored in the period.
    StoreCorrupted
        If a file is missing, or its bytes are not those that were written.
    """
    if start_ns is not None and end_ns is not None and end_ns <= start_ns:
        raise InvalidPeriod(
            f"the period ends at {format_utc(end_ns)}, not after its start at"
            f" {format_utc(start_ns)}",
            start=format_utc(start_ns),
            end=format_utc(end_ns),
        )
    manifest = _manifest(store, key)
    hours = manifest.overlapping(start_ns, end_ns)
    facts = manifest.events
    if facts is None or not hours:
        raise NoRows(
            f"{key} holds no events in the period, only from {format_utc(manifest.start_ns)} to"
            f" {format_utc(manifest.end_ns)}",
            start=format_utc(manifest.start_ns),
            end=format_utc(manifest.end_ns),
        )
    folder = SeriesFolder(store.root, key).path
    for hour in hours:
        if hour.events:
            prove_file(folder / hour.file, hour.events.file_hash)
    first = hours[0].events
    snapshot = folder / first.snapshot if first and first.snapshot else None
    if first and snapshot:
        prove_file(snapshot, first.snapshot_file_hash)
    return EventFiles(
        paths=tuple(folder / hour.file for hour in hours),
        tick=facts.tick,
        lot=facts.lot,
        start_ns=manifest.start_ns if start_ns is None else max(start_ns, manifest.start_ns),
        end_ns=manifest.end_ns if end_ns is None else min(end_ns, manifest.end_ns),
        hash=events_hash(facts, hours),
        counts=tuple(hour.rows for hour in hours),
        snapshot=snapshot,
    )


def verify_events(store: SeriesStore, key: SeriesKey) -> Manifest:
    """Prove that the files of a series hold what was written, in order; return its manifest.

    Reads an hour at a time.

    Raises
    ------
    InvalidArgument, SeriesNotFound
        As `read_event_files`.
    StoreCorrupted
        If a file is missing or damaged, or events are out of order.
    """
    manifest, folder = _manifest(store, key), SeriesFolder(store.root, key).path
    latest = {"exch_ts": 0, "local_ts": 0}
    for hour in manifest.partitions:
        facts, path = hour.events, folder / hour.file
        if facts and facts.snapshot:
            read_proved(folder / facts.snapshot, facts.snapshot_hash)
        events = read_proved(path, hour.hash)
        for name, flag in _CLOCKS:
            times = np.concatenate([[latest[name]], events[name][events["ev"] & flag != 0]])
            if (np.diff(times) < 0).any():
                raise StoreCorrupted(
                    f"the events of {path} are not in the order of {name}", file=str(path)
                )
            latest[name] = int(times[-1])
    return manifest


def _manifest(store: SeriesStore, key: SeriesKey) -> Manifest:
    if key.kind is not SeriesKind.EVENTS:
        raise InvalidArgument(f"{key} does not hold events", series=str(key))
    return store.manifest(key)
