"""What is wrong with stored events, short of what is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from common.data_pipeline.event_facts import Fault
from common.data_pipeline.findings import MAX_EXAMPLES, Example, Finding
from common.data_pipeline.manifest import Manifest
from common.domain.enums import Severity
from common.domain.errors import Extra
from common.domain.time import format_utc

# Code, and what is shown with the number of times it was met.
_SENTENCES: Final = {
    "cut_end": "recordings whose last message is cut off, and was left out",
    "depth_gap": "places where book updates are missing: the book is uncertain after them",
    "missing_trades": "places where trades are missing by their numbers",
    "no_snapshot": "recordings that begin without the whole book",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuality:
    """What is wrong with a series of events.

    Parameters
    ----------
    rows, trades, depth_updates
        Events, and how many of them are trades and changes of a price level.
    start_ns, end_ns
        First event, a nanosecond after the last; exchange's clock.
    recordings
        How many recordings it was made of.
    findings
        Warnings; what would be an error is refused when it is imported.
    """

    rows: int
    trades: int
    depth_updates: int
    start_ns: int
    end_ns: int
    recordings: int
    findings: tuple[Finding, ...]

    def describe(self) -> dict[str, Extra]:
        """Return the report as JSON values."""
        return {
            "rows": self.rows,
            "trades": self.trades,
            "depth_updates": self.depth_updates,
            "start": format_utc(self.start_ns),
            "end": format_utc(self.end_ns),
            "recordings": self.recordings,
            "has_errors": False,
            "findings": [finding.describe() for finding in self.findings],
        }


def report_events(manifest: Manifest) -> EventQuality:
    """Return the report of a series, from what its manifest says."""
    recordings = manifest.events.recordings if manifest.events else ()
    hours = [partition.events for partition in manifest.partitions if partition.events]
    return EventQuality(
        rows=manifest.rows,
        trades=sum(hour.trades for hour in hours),
        depth_updates=sum(hour.depth_updates for hour in hours),
        start_ns=manifest.start_ns,
        end_ns=manifest.end_ns,
        recordings=len(recordings),
        findings=tuple(findings(fault for item in recordings for fault in item.faults)),
    )


def findings(faults: Iterable[Fault]) -> list[Finding]:
    """Return one warning for each kind of fault, with its first times."""
    by_code: dict[str, list[Fault]] = {}
    for fault in faults:
        by_code.setdefault(fault.code, []).append(fault)
    return [_finding(code, by_code[code]) for code in sorted(by_code)]


def _finding(code: str, faults: list[Fault]) -> Finding:
    count = sum(fault.count for fault in faults)
    missing = sum(fault.missing for fault in faults)
    times = [time for fault in faults for time in fault.times_ns][:MAX_EXAMPLES]
    sentence = f"{_SENTENCES[code]}: {count:,}"
    return Finding(
        code,
        Severity.WARNING,
        count,
        f"{sentence}, {missing:,} messages" if missing else sentence,
        tuple(Example(time, {}) for time in times),
    )
