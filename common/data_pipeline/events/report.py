"""What became of a recording."""

from dataclasses import dataclass

from common.data_pipeline.event_facts import Fault, RecordingFacts
from common.data_pipeline.events.hashing import events_hash
from common.data_pipeline.events.messages import Tale
from common.data_pipeline.manifest import Manifest


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


def report_of(facts: RecordingFacts, manifest: Manifest, tale: Tale, *, added: int) -> EventReport:
    """Return the report of a recording that is stored.

    Raises
    ------
    ValueError
        If the manifest is not of events.
    """
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
