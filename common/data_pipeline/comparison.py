"""The result of holding two series of one asset against each other."""

from dataclasses import dataclass
from typing import Final

from common.data_pipeline.findings import Finding
from common.data_pipeline.gaps import Gap
from common.data_pipeline.shifts import Shift
from common.domain.enums import Severity
from common.domain.errors import Extra
from common.domain.time import format_utc

# Two venues with one tick agree by chance in a few bars of a hundred, never in nearly all.
COPY_SHARE: Final = 0.99
_COPY_MIN_BARS: Final = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A price that differs between the two series at one time."""

    time_ns: int
    column: str
    a: float
    b: float

    def describe(self) -> dict[str, Extra]:
        """Return the difference as JSON values."""
        return {"time": format_utc(self.time_ns), "column": self.column, "a": self.a, "b": self.b}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two series of bars say about each other.

    Parameters
    ----------
    names
        What the two are called.
    start_ns, end_ns
        First and last open time at which both have, or one lacks, a bar; None if their
        ranges do not overlap.
    common
        Bars that both have.
    identical
        How many of them are equal in open, high, low and close, to the last bit.
    only_in_a, only_in_b
        Bars of the common range that the other lacks.
    missing_in_a, missing_in_b
        The first stretches of these.
    differences
        The first prices that differ, oldest first.
    mean_deviation, max_deviation
        Of |close of b / close of a - 1| over the common bars; None without any.
    shifts
        Where the times of b are later or earlier than those of a.
    findings
        Errors before warnings.
    """

    names: tuple[str, str]
    start_ns: int | None
    end_ns: int | None
    common: int
    identical: int
    only_in_a: int
    only_in_b: int
    missing_in_a: tuple[Gap, ...]
    missing_in_b: tuple[Gap, ...]
    differences: tuple[Difference, ...]
    mean_deviation: float | None
    max_deviation: float | None
    shifts: tuple[Shift, ...]
    findings: tuple[Finding, ...]

    @property
    def differing(self) -> int:
        """Common bars that are not identical."""
        return self.common - self.identical

    @property
    def are_copies(self) -> bool:
        """Whether (nearly) all common bars are identical: one source, not two."""
        return self.common >= _COPY_MIN_BARS and self.identical >= COPY_SHARE * self.common

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def describe(self) -> dict[str, Extra]:
        """Return the comparison as JSON values."""
        return {
            "names": list(self.names),
            "start": None if self.start_ns is None else format_utc(self.start_ns),
            "end": None if self.end_ns is None else format_utc(self.end_ns),
            "common": self.common,
            "identical": self.identical,
            "differing": self.differing,
            "are_copies": self.are_copies,
            "only_in_a": self.only_in_a,
            "only_in_b": self.only_in_b,
            "missing_in_a": [gap.describe() for gap in self.missing_in_a],
            "missing_in_b": [gap.describe() for gap in self.missing_in_b],
            "differences": [difference.describe() for difference in self.differences],
            "mean_deviation": self.mean_deviation,
            "max_deviation": self.max_deviation,
            "shifts": [shift.describe() for shift in self.shifts],
            "has_errors": self.has_errors,
            "findings": [finding.describe() for finding in self.findings],
        }
