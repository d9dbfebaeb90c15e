"""Findings about stored data: what, how bad, how often, and the first places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from common.domain.enums import Severity
from common.domain.errors import Extra
from common.domain.time import format_utc

MAX_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A place where something was found.

    Parameters
    ----------
    time_ns
        Open time of the bar.
    values
        The numbers that show it.
    """

    time_ns: int
    values: Mapping[str, float]

    def describe(self) -> dict[str, Extra]:
        """Return the example as JSON values."""
        # JSON has no NaN and no infinity.
        shown: dict[str, Extra] = {
            name: value if abs(value) < float("inf") else str(value)
            for name, value in self.values.items()
        }
        return {"time": format_utc(self.time_ns), **shown}


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of fault in a series, or between two.

    Parameters
    ----------
    code
        Name of the fault, for machines.
    severity
        An error blocks a run, a warning does not.
    count
        How many bars have it.
    sentence
        The same for people.
    examples
        The first places, oldest first.
    """

    code: str
    severity: Severity
    count: int
    sentence: str
    examples: tuple[Example, ...] = ()

    def describe(self) -> dict[str, Extra]:
        """Return the finding as JSON values."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "count": self.count,
            "sentence": self.sentence,
            "examples": [example.describe() for example in self.examples],
        }


@dataclass(slots=True)
class Tally:
    """A count that grows part by part and keeps its first examples."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def room(self) -> int:
        """How many more examples are wanted."""
        return MAX_EXAMPLES - len(self.examples)

    def add(self, count: int, examples: list[Example]) -> None:
        """Count more of it; `examples` need not be more than there is room for."""
        self.count += count
        self.examples.extend(examples[: self.room])

    def finding(self, code: str, severity: Severity, sentence: str) -> list[Finding]:
        """Return the finding, or nothing if there is nothing."""
        if not self.count:
            return []
        text = f"{sentence}: {self.count:,}"
        return [Finding(code, severity, self.count, text, tuple(self.examples))]
