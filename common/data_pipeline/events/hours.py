"""Events cut into hours: a data file each, and the book before its first event."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from common.data_pipeline.durable import disk_errors
from common.data_pipeline.event_facts import HourFacts, hour_of
from common.data_pipeline.events.book import Book
from common.data_pipeline.events.files import Written, read_proved, write_events
from common.data_pipeline.manifest import Partition
from common.data_pipeline.months import month_of
from common.domain.bars import Times
from common.domain.events import (
    AT_EXCHANGE,
    DEPTH,
    KIND_MASK,
    TRADE,
    Events,
)
from common.domain.time import NANOSECONDS

_HOUR_NS: Final = 3_600 * NANOSECONDS
_NOTHING: Final = Written("", "", "")


class HourWriter:
    """Writes one hour after the other into a folder; memory holds one hour.

    Parameters
    ----------
    staging
        Where the files go.
    gap_times_ns : ndarray of int64
        Times at which book updates are missing, exchange's clock.
    """

    def __init__(self, staging: Path, gap_times_ns: Times) -> None:
        self._staging = staging
        self._gap_times_ns = gap_times_ns
        self._book = Book()
        self._pieces: list[Events] = []
        self._hour: int | None = None
        self._snapshot = _NOTHING
        self._stored: Partition | None = None
        self.partitions: list[Partition] = []

    def resume(self, folder: Path, last: Partition) -> None:
        """Take up where the last stored hour of a series ends.

        Raises
        ------
        StoreCorrupted
            If its files do not hold what was written.
        """
        facts = last.events
        if facts and facts.snapshot:
            self._book = Book(read_proved(folder / facts.snapshot, facts.snapshot_hash))
            self._snapshot = Written(facts.snapshot, facts.snapshot_hash, facts.snapshot_file_hash)
        self._hour = last.first_ns // _HOUR_NS
        self._pieces = [read_proved(folder / last.file, last.hash)]
        self._book.apply(self._pieces[0])
        self._stored = last

    def add(self, events: Events) -> None:
        """Take in the next events of the sequence.

        Raises
        ------
        StoreUnavailable
            If the disk refuses.
        """
        for hour, piece in self._split(events):
            if hour != self._hour:
                self.finish()
                self._begin(hour)
            self._pieces.append(piece)
            self._book.apply(piece)

    def finish(self) -> None:
        """Write the hour that is open.

        Raises
        ------
        StoreUnavailable
            If the disk refuses.
        """
        if self._hour is None:
            return
        if self._stored is None or len(self._pieces) > 1:
            self.partitions.append(self._write(self._hour))
        self._pieces, self._hour, self._stored = [], None, None

    def _write(self, number: int) -> Partition:
        pieces, snapshot = self._pieces, self._snapshot
        hour = hour_of(number * _HOUR_NS)
        with disk_errors(self._staging):
            written = write_events(self._staging, hour, pieces)
        times = [_edges(piece) for piece in pieces if (piece["ev"] & AT_EXCHANGE).any()]
        start_ns = number * _HOUR_NS
        in_hour = np.searchsorted(self._gap_times_ns, [start_ns, start_ns + _HOUR_NS])
        facts = HourFacts(
            hour=hour,
            trades=sum(count_kind(piece, TRADE) for piece in pieces),
            depth_updates=sum(count_kind(piece, DEPTH) for piece in pieces),
            file_hash=written.file_hash,
            snapshot=snapshot.name,
            snapshot_hash=snapshot.hash,
            snapshot_file_hash=snapshot.file_hash,
        )
        gaps_before = self._stored.gaps if self._stored else 0
        return Partition(
            month=month_of(times[0][0]),
            file=written.name,
            rows=sum(map(len, pieces)),
            first_ns=times[0][0],
            last_ns=times[-1][1],
            gaps=gaps_before + int(in_hour[1] - in_hour[0]),
            hash=written.hash,
            events=facts,
        )

    def _begin(self, hour: int) -> None:
        start_ns = hour * _HOUR_NS
        levels = self._book.levels(start_ns)
        self._hour, self._snapshot = hour, _NOTHING
        if len(levels):
            with disk_errors(self._staging):
                label = f"{hour_of(start_ns)}.book"
                self._snapshot = write_events(self._staging, label, [levels])

    def _split(self, events: Events) -> Iterator[tuple[int, Events]]:
        """Yield the events of each hour: that of the last one at the exchange before them."""
        if not len(events):
            return
        hours = events["exch_ts"] // _HOUR_NS
        current = int(hours[0]) if self._hour is None else self._hour
        is_there = events["ev"] & AT_EXCHANGE != 0
        hours = np.maximum.accumulate(np.where(is_there, hours, current))
        cuts = [0, *(np.flatnonzero(np.diff(hours)) + 1).tolist(), len(events)]
        for start, stop in pairwise(cuts):
            yield int(hours[start]), events[start:stop]


def _edges(events: Events) -> tuple[int, int]:
    """Return when the first and the last of the events happened that the exchange heard of."""
    times = events["exch_ts"][events["ev"] & AT_EXCHANGE != 0]
    return int(times[0]), int(times[-1])


def count_kind(events: Events, kind: int) -> int:
    """Return how many events of a kind happened at the exchange, each counted once."""
    is_kind = events["ev"] & KIND_MASK == kind
    return int(np.count_nonzero(is_kind & (events["ev"] & AT_EXCHANGE != 0)))
