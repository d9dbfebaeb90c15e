"""What a manifest says of order-book events beyond rows and times."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Final, get_args

import numpy as np

MAX_FAULT_TIMES: Final = 100


@dataclass(frozen=True, slots=True)
class HourFacts:
    """An hour of events, and the book before its first.

    Parameters
    ----------
    hour
        `YYYY-MM-DDTHH`, UTC, on the exchange's clock.
    trades, depth_updates
        Trades and changes of a price level in the hour.
    file_hash
        SHA-256 of the bytes of the hour's file, hex.
    snapshot
        Name of the file with the book, empty if the book was.
    snapshot_hash, snapshot_file_hash
        SHA-256 of its rows and of its bytes, hex; empty if there is none.
    """

    hour: str
    trades: int
    depth_updates: int
    file_hash: str
    snapshot: str
    snapshot_hash: str
    snapshot_file_hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of flaw in a recording.

    Parameters
    ----------
    code
        `depth_gap`, `missing_trades`, `no_snapshot` or `cut_end`.
    count
        How often it was met.
    missing
        How many messages are known to be missing; 0 where that cannot be known.
    times_ns
        The first times it was met, on the exchange's clock, nanoseconds since 1970 UTC.
    """

    code: str
    count: int
    missing: int
    times_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """One recording that was imported.

    Parameters
    ----------
    hash
        SHA-256 of its events as they were received, before any correction, hex.
    start_ns, end_ns
        Its first event, a nanosecond after its last; exchange's clock.
    rows
        Events stored of it, an event of which the two clocks disagree counting twice.
    trades, depth_updates
        Trades and changes of a price level in it.
    duplicates
        Messages dropped because they repeat an earlier one exactly.
    clock_offset_ns
        What was added to its times of receipt, >= 0.
    last_local_ns
        Latest corrected time of receipt.
    first_update_after, last_update
        The book update that its first one follows, and its last one; None where the
        format numbers none.
    faults
        What is wrong with it.
    """

    hash: str
    start_ns: int
    end_ns: int
    rows: int
    trades: int
    depth_updates: int
    duplicates: int
    clock_offset_ns: int
    last_local_ns: int
    first_update_after: int | None
    last_update: int | None
    faults: tuple[Fault, ...]

    @property
    def gaps(self) -> int:
        """How often book updates are missing."""
        return sum(fault.count for fault in self.faults if fault.code == "depth_gap")


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What holds for all events of a series.

    Parameters
    ----------
    tick, lot
        Every price and every quantity is a multiple of these.
    time_zero_ns
        What times count from, nanoseconds since 1970 UTC.
    recordings
        What was imported, oldest first.
    """

    tick: Decimal
    lot: Decimal
    time_zero_ns: int
    recordings: tuple[RecordingFacts, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return {**asdict(self), "tick": str(self.tick), "lot": str(self.lot)}


def parse_hour_facts(entry: Mapping[str, Any]) -> HourFacts:
    """Read what `asdict` wrote of an hour.

    Raises
    ------
    ValueError
        If it is not that; TypeError if fields are missing or unknown.
    """
    facts = _checked(HourFacts(**entry))
    for name in (facts.hour, facts.snapshot):
        # Whoever wrote the manifest must not lead a reader out of the series' folder.
        if "/" in name:
            raise ValueError(f"{name!r} is not a name")
    return facts


def parse_event_facts(entry: Mapping[str, Any]) -> EventFacts:
    """Read what `EventFacts.to_json` wrote.

    Raises
    ------
    ValueError
        If it is not that; TypeError, KeyError or ArithmeticError if fields are missing,
        unknown or not numbers.
    """
    recordings = tuple(_recording(item) for item in entry["recordings"])
    sizes = {name: Decimal(entry[name]) for name in ("tick", "lot")}
    facts = EventFacts(**{**entry, **sizes, "recordings": recordings})
    if facts.tick <= 0 or facts.lot <= 0 or type(facts.time_zero_ns) is not int:
        raise ValueError(f"tick {facts.tick}, lot {facts.lot}, time zero {facts.time_zero_ns}")
    return facts


def hour_of(time_ns: int) -> str:
    """Return the UTC hour of a time.

    Examples
    --------
    >>> hour_of(1_571_302_800_000_000_000)
    '2019-10-17T09'
    """
    return str(np.datetime64(time_ns, "ns").astype("datetime64[h]"))


def _recording(entry: Mapping[str, Any]) -> RecordingFacts:
    faults = [
        _checked(Fault(**{**fault, "times_ns": tuple(fault["times_ns"])}))
        for fault in entry["faults"]
    ]
    return _checked(RecordingFacts(**{**entry, "faults": tuple(faults)}))


def _checked[T: HourFacts | Fault | RecordingFacts](facts: T) -> T:
    for field in fields(facts):
        value = getattr(facts, field.name)
        allowed = (tuple,) if isinstance(value, tuple) else get_args(field.type) or (field.type,)
        if type(value) not in allowed:
            raise ValueError(f"{field.name} is {value!r}")
    return facts
