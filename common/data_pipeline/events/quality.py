"""What is wrong with stored events, short of what is refused."""

from collections.abc import Iterable
from typing import Final

from common.data_pipeline.event_facts import Fault
from common.data_pipeline.findings import MAX_EXAMPLES, Example, Finding
from common.domain.enums import Severity

# Code, and what is shown with the number of times it was met.
_SENTENCES: Final = {
    "cut_end": "recordings whose last message is cut off, and was left out",
    "depth_gap": "places where book updates are missing: the book is uncertain after them",
    "missing_trades": "places where trades are missing by their numbers",
    "no_snapshot": "recordings that begin without the whole book",
}


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
