"""The quality report of a series of bars."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.findings import Example, Finding, Tally
from common.data_pipeline.gaps import Gap, GapFinder
from common.data_pipeline.spikes import SIGMAS, SpikeFinder
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.enums import Severity
from common.domain.errors import Extra
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

type Flags = NDArray[np.bool_]

MAX_MISSING: Final = 0.05
# A venue needs a moment to close a bar, a poller another to store it.
MAX_AGE_BARS: Final = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A property that each bar has or has not, whatever the others are."""

    code: str
    severity: Severity
    sentence: str
    violated: Callable[[Bars], Flags]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What is wrong with a series.

    Parameters
    ----------
    timeframe
        Length of the bars.
    rows
        How many there are.
    start_ns, end_ns
        Open time of the first, and close time of the last; None without bars.
    missing
        Bars missing between the first and the last.
    gaps
        The first stretches of missing bars.
    gap_count
        How many stretches there are.
    robust_sigma
        Scale of the log returns, see `spikes`.
    is_stale
        Whether the series ends more than two bars before now; blocks deployments, never
        backtests; false where the time was not given.
    findings
        Errors before warnings.
    """

    timeframe: Timeframe
    rows: int
    start_ns: int | None
    end_ns: int | None
    missing: int
    gaps: tuple[Gap, ...]
    gap_count: int
    robust_sigma: float
    is_stale: bool
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that block a run."""
        return tuple(item for item in self.findings if item.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that do not."""
        return tuple(item for item in self.findings if item.severity is Severity.WARNING)

    @property
    def has_errors(self) -> bool:
        """Whether a run on this series must be refused."""
        return bool(self.errors)

    def describe(self) -> dict[str, Extra]:
        """Return the report as JSON values."""
        return {
            "timeframe": str(self.timeframe),
            "rows": self.rows,
            "start": None if self.start_ns is None else format_utc(self.start_ns),
            "end": None if self.end_ns is None else format_utc(self.end_ns),
            "missing": self.missing,
            "gap_count": self.gap_count,
            "gaps": [gap.describe() for gap in self.gaps],
            "robust_sigma": self.robust_sigma,
            "is_stale": self.is_stale,
            "has_errors": self.has_errors,
            "findings": [finding.describe() for finding in self.findings],
        }


def check_bars(
    parts: Iterable[Bars], timeframe: Timeframe, *, now_ns: int | None = None
) -> QualityReport:
    """Check the bars of a series, part by part; memory holds one part.

    Parameters
    ----------
    parts
        All bars, oldest first, as the store yields them month by month.
    timeframe
        Length of the bars.
    now_ns
        The time, to find a stale end; None to leave that out.
    """
    tallies = {rule.code: Tally() for rule in RULES}
    gaps, spikes, rows = GapFinder(timeframe), SpikeFinder(timeframe), 0
    for bars in parts:
        if len(bars):
            rows += len(bars)
            for rule in RULES:
                _apply(rule, bars, tallies[rule.code])
            gaps.add(bars.open_ns)
            spikes.add(bars)
    end_ns = None if gaps.last_ns is None else gaps.last_ns + timeframe.nanoseconds
    findings = [
        finding
        for rule in RULES
        for finding in tallies[rule.code].finding(rule.code, rule.severity, rule.sentence)
    ]
    findings += [*_missing(gaps), *_spikes(spikes), *_stale(end_ns, timeframe, now_ns)]
    return QualityReport(
        timeframe=timeframe,
        rows=rows,
        start_ns=gaps.first_ns,
        end_ns=end_ns,
        missing=gaps.missing,
        gaps=tuple(gaps.gaps),
        gap_count=gaps.count,
        robust_sigma=spikes.sigma,
        is_stale=any(finding.code == "stale_end" for finding in findings),
        findings=tuple(sorted(findings, key=lambda item: item.severity is Severity.WARNING)),
    )


def _apply(rule: Rule, bars: Bars, tally: Tally) -> None:
    places = np.flatnonzero(rule.violated(bars))
    examples = [
        Example(
            int(bars.open_ns[place]),
            {name: float(getattr(bars, name)[place]) for name in rule.columns},
        )
        for place in places[: tally.room]
    ]
    tally.add(len(places), examples)


def _missing(gaps: GapFinder) -> list[Finding]:
    if not gaps.missing:
        return []
    share = gaps.missing / gaps.expected
    severity = Severity.ERROR if share > MAX_MISSING else Severity.WARNING
    sentence = (
        f"{gaps.missing:,} of {gaps.expected:,} bars ({share:.2%}) are missing, in"
        f" {gaps.count:,} stretches"
    )
    examples = [Example(gap.start_ns, {"missing": gap.bars}) for gap in gaps.gaps[: Tally().room]]
    return [Finding("missing_bars", severity, gaps.missing, sentence, tuple(examples))]


def _spikes(finder: SpikeFinder) -> list[Finding]:
    times, returns = finder.spikes()
    tally = Tally()
    found = zip(times[: tally.room], returns[: tally.room], strict=True)
    tally.add(len(times), [Example(int(at), {"log_return": float(jump)}) for at, jump in found])
    sentence = (
        "bars that jump from the close before by more than 5 % and ten robust sigmas"
        f" ({SIGMAS * finder.sigma:.4f})"
    )
    return tally.finding("spike", Severity.WARNING, sentence)


def _stale(end_ns: int | None, timeframe: Timeframe, now_ns: int | None) -> list[Finding]:
    if now_ns is None or end_ns is None:
        return []
    age_bars = (now_ns - end_ns) / timeframe.nanoseconds
    if age_bars <= MAX_AGE_BARS:
        return []
    sentence = f"the series ends at {format_utc(end_ns)}, {age_bars:,.1f} bars ago"
    return [Finding("stale_end", Severity.WARNING, 1, sentence)]


def _is_off_grid(bars: Bars) -> Flags:
    flags: Flags = bars.open_ns != bars.timeframe.floor(bars.open_ns)
    return flags


def _is_disordered(bars: Bars) -> Flags:
    lowest, highest = np.minimum(bars.open, bars.close), np.maximum(bars.open, bars.close)
    flags: Flags = (bars.low > lowest) | (bars.high < highest)
    return flags


def _has_no_price(bars: Bars) -> Flags:
    flags: Flags = np.zeros(len(bars), np.bool_)
    for name in PRICE_COLUMNS[:-1]:
        price = getattr(bars, name)
        # NaN fails both comparisons.
        flags |= ~((price > 0) & (price < np.inf))
    return flags


_OHLC: Final = PRICE_COLUMNS[:-1]
RULES: Final = (
    Rule(
        "ohlc_disorder",
        Severity.ERROR,
        "bars with a low above, or a high below, their open or close",
        _is_disordered,
        _OHLC,
    ),
    Rule(
        "invalid_price",
        Severity.ERROR,
        "bars with a price that is not positive and finite",
        _has_no_price,
        _OHLC,
    ),
    Rule(
        "negative_volume",
        Severity.ERROR,
        "bars with a volume that is negative or not finite",
        lambda bars: ~((bars.volume >= 0) & (bars.volume < np.inf)),
        ("volume",),
    ),
    Rule(
        "off_grid",
        Severity.ERROR,
        "bars that open off the timeframe's grid",
        _is_off_grid,
        ("close",),
    ),
    Rule(
        "zero_volume",
        Severity.WARNING,
        "bars without volume",
        lambda bars: bars.volume == 0,
        ("close", "volume"),
    ),
)
