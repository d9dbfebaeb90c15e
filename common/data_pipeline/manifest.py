"""What is stored of one series: the partitions that together are its present state."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np

from common.data_pipeline.event_facts import (
    EventFacts,
    HourFacts,
    hour_of,
    parse_event_facts,
    parse_hour_facts,
)
from common.data_pipeline.exceptions import ManifestUnreadable
from common.data_pipeline.grid import missing_after
from common.data_pipeline.months import month_of
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Partition:
    """One immutable data file: the rows of a UTC month, or the events of a UTC hour.

    Parameters
    ----------
    month
        `YYYY-MM`, of the times of its rows.
    file
        Name of the file in the series' folder.
    rows
        How many rows it holds, > 0.
    first_ns, last_ns
        Times of its first and last row, nanoseconds since 1970 UTC.
    gaps
        Missing bars between its first and last, or how often book updates are missing;
        0 for what has neither.
    hash
        SHA-256 of its content in hex (`hashing.content_hash`, `events.files.rows_hash`).
    events
        What else is known of an hour of order-book events; None of other rows.
    """

    month: str
    file: str
    rows: int
    first_ns: int
    last_ns: int
    gaps: int
    hash: str
    events: HourFacts | None = None

    @property
    def period(self) -> str:
        """The hour of events, the month of other rows."""
        return self.events.hour if self.events else self.month

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all files it consists of."""
        snapshot = self.events.snapshot if self.events else ""
        return (self.file, snapshot) if snapshot else (self.file,)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of one series: what a reader opens is what one manifest names.

    Parameters
    ----------
    key
        The series.
    version
        Counts the commits; 0 is a series of which nothing is stored yet.
    partitions
        Data files, oldest first.
    events
        What holds for all order-book events; None for other rows.
    """

    key: SeriesKey
    version: int
    partitions: tuple[Partition, ...]
    events: EventFacts | None = None

    @property
    def files(self) -> frozenset[str]:
        """Names of all files the series consists of."""
        return frozenset(name for partition in self.partitions for name in partition.files)

    @property
    def rows(self) -> int:
        """Number of stored rows."""
        return sum(partition.rows for partition in self.partitions)

    @property
    def start_ns(self) -> int:
        """Time of the first row."""
        return self.partitions[0].first_ns

    @property
    def end_ns(self) -> int:
        """Where the last bar closes; for rows without length, a nanosecond after the last."""
        return self.partitions[-1].last_ns + row_length_ns(self.key)

    @property
    def gaps(self) -> int:
        """Number of missing bars between the first and the last, or of gaps in the feed."""
        if self.key.timeframe is None:
            return sum(partition.gaps for partition in self.partitions)
        edges = [edge for part in self.partitions for edge in (part.first_ns, part.last_ns)]
        between = missing_after(np.array(edges, np.int64), self.key.timeframe)[1::2]
        return sum(partition.gaps for partition in self.partitions) + int(between.sum())

    def overlapping(self, start_ns: int | None, end_ns: int | None) -> tuple[Partition, ...]:
        """Return the partitions with rows in `[start_ns, end_ns)`; None is unbounded."""
        return tuple(
            partition
            for partition in self.partitions
            if (start_ns is None or partition.last_ns >= start_ns)
            and (end_ns is None or partition.first_ns < end_ns)
        )

    def partition(self, month: str) -> Partition | None:
        """Return the partition of a month, or None."""
        return next((part for part in self.partitions if part.month == month), None)

    def to_json(self) -> bytes:
        """Return the manifest as it is written to disk."""
        instrument, timeframe = self.key.instrument, self.key.timeframe
        document: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "version": self.version,
            "venue": instrument.venue,
            "symbol": instrument.symbol,
            "kind": str(self.key.kind),
            "timeframe": str(timeframe) if timeframe else None,
            "partitions": [_describe(partition) for partition in self.partitions],
        }
        if self.events:
            document["events"] = self.events.to_json()
        return json.dumps(document, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes, source: str) -> "Manifest":
        """Read a manifest; `source` names it in messages.

        Raises
        ------
        ManifestUnreadable
            If a newer release wrote it, or it is not a manifest.
        """
        try:
            document: dict[str, Any] = json.loads(content)
            written = int(document["format_version"])
            if written <= FORMAT_VERSION:
                return _parse(document)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as e:
            raise ManifestUnreadable(f"{source} is not a manifest: {e!r}", file=source) from e
        raise ManifestUnreadable(
            f"{source} has format {written}, this release reads up to {FORMAT_VERSION}",
            file=source,
            format_version=written,
        )


def row_length_ns(key: SeriesKey) -> int:
    """Return how long a row lasts: the timeframe of a bar, else the least step of time."""
    return key.timeframe.nanoseconds if key.timeframe else 1


def _parse(document: dict[str, Any]) -> Manifest:
    timeframe = document["timeframe"]
    key = SeriesKey(
        InstrumentId(document["symbol"], document["venue"]),
        SeriesKind(document["kind"]),
        Timeframe(timeframe) if timeframe else None,
    )
    partitions = tuple(_partition(entry) for entry in document["partitions"])
    periods = [partition.period for partition in partitions]
    if not periods or periods != sorted(set(periods)):
        raise ValueError(f"the periods {periods} are none, or not in order")
    is_events = [partition.events is not None for partition in partitions]
    if is_events != [key.kind is SeriesKind.EVENTS] * len(partitions):
        raise ValueError(f"the files are not those of {key.kind}")
    events = parse_event_facts(document["events"]) if key.kind is SeriesKind.EVENTS else None
    return Manifest(key, int(document["version"]), partitions, events)


def _describe(partition: Partition) -> dict[str, Any]:
    entry = asdict(partition)
    # The manifests of other rows stay byte for byte as they were before there were events.
    return entry if partition.events else {k: v for k, v in entry.items() if k != "events"}


def _partition(entry: dict[str, Any]) -> Partition:
    events = parse_hour_facts(entry["events"]) if "events" in entry else None
    partition = Partition(**{**entry, "events": events})
    for field in fields(Partition):
        value = getattr(partition, field.name)
        if field.name != "events" and type(value) is not field.type:
            raise ValueError(f"{field.name} is {value!r}")
    edges = (partition.first_ns, partition.last_ns)
    if edges[0] > edges[1] or any(month_of(edge) != partition.month for edge in edges):
        raise ValueError(f"rows from {edges[0]} to {edges[1]} ns are not of {partition.month}")
    if events and any(hour_of(edge) != events.hour for edge in edges):
        raise ValueError(f"events from {edges[0]} to {edges[1]} ns are not of {events.hour}")
    if partition.rows < 1 or partition.gaps < 0:
        raise ValueError(f"{partition.rows} rows, {partition.gaps} gaps")
    # Whoever wrote the manifest must not lead a reader out of the series' folder.
    if "/" in partition.file:
        raise ValueError(f"{partition.file!r} is not the name of a file")
    return partition
