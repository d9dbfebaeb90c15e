"""Two series of one asset against each other: copies, shifts, holes and disagreement."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.alignment import align, matching
from common.data_pipeline.comparison import Comparison, Difference
from common.data_pipeline.findings import Example, Finding, Tally
from common.data_pipeline.gaps import Stretches
from common.data_pipeline.shifts import ShiftFinder
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.enums import Severity
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

RATIO_WARNING: Final = 0.01
RATIO_ERROR: Final = 0.10
MAX_DIFFERENCES: Final = 20
_OHLC: Final = PRICE_COLUMNS[:-1]


def compare_bars(
    a_parts: Iterable[Bars],
    b_parts: Iterable[Bars],
    timeframe: Timeframe,
    *,
    names: tuple[str, str] = ("a", "b"),
) -> Comparison:
    """Hold two series against each other over their common range, part by part.

    Parameters
    ----------
    a_parts, b_parts
        All bars of each, oldest first, as the store yields them month by month; two parts
        of each are in memory.
    timeframe
        Length of the bars of both.
    names
        What the sentences of the findings call them.
    """
    collector = _Collector(timeframe)
    for a, b in align(a_parts, b_parts):
        collector.add(a, b)
    comparison = collector.result(names)
    findings = [*_about_copies(comparison), *_about_shifts(comparison)]
    findings += [*_about_holes(comparison), *collector.disagreement(names)]
    findings.sort(key=lambda finding: finding.severity is Severity.WARNING)
    return replace(comparison, findings=tuple(findings))


class _Collector:
    """What is counted piece by piece."""

    def __init__(self, timeframe: Timeframe) -> None:
        self._only_in_a, self._only_in_b = Stretches(timeframe), Stretches(timeframe)
        self._shifts = ShiftFinder(timeframe)
        self._range: tuple[int, int] | None = None
        self._common = self._identical = 0
        self._differences: list[Difference] = []
        self._total = self._largest = 0.0
        self._above_warning, self._above_error = Tally(), Tally()

    def add(self, a: Bars, b: Bars) -> None:
        """Take in a piece that covers the same time in both."""
        shared_a, shared_b, only_a, only_b = matching(a, b)
        self._only_in_a.add(only_a.open_ns)
        self._only_in_b.add(only_b.open_ns)
        self._shifts.add(a, b)
        edges = [int(time) for bars in (a, b) if len(bars) for time in bars.open_ns[[0, -1]]]
        first = min(edges) if self._range is None else self._range[0]
        self._range = (first, max(edges))
        if len(shared_a):
            self._compare_prices(shared_a, shared_b)
            self._compare_closes(shared_a, shared_b)

    def _compare_prices(self, a: Bars, b: Bars) -> None:
        equal = {name: getattr(a, name) == getattr(b, name) for name in _OHLC}
        same = np.logical_and.reduce(list(equal.values()))
        self._common += len(a)
        self._identical += int(np.count_nonzero(same))
        room = MAX_DIFFERENCES - len(self._differences)
        self._differences += [
            Difference(
                int(a.open_ns[row]),
                name,
                float(getattr(a, name)[row]),
                float(getattr(b, name)[row]),
            )
            for row in np.flatnonzero(~same)[:room]
            for name in _OHLC
            if not equal[name][row]
        ][:room]

    def _compare_closes(self, a: Bars, b: Bars) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = np.abs(b.close / a.close - 1)
        # What is no price at all is the quality report's to name.
        deviation = np.where(np.isfinite(deviation), deviation, 0.0)
        self._total += float(deviation.sum())
        self._largest = max(self._largest, float(deviation.max()))
        is_error = deviation > RATIO_ERROR
        _tally(self._above_error, is_error, (a, b))
        _tally(self._above_warning, (deviation > RATIO_WARNING) & ~is_error, (a, b))

    def result(self, names: tuple[str, str]) -> Comparison:
        """Return what was counted, without findings."""
        start_ns, end_ns = (None, None) if self._range is None else self._range
        return Comparison(
            names=names,
            start_ns=start_ns,
            end_ns=end_ns,
            common=self._common,
            identical=self._identical,
            only_in_a=self._only_in_a.bars,
            only_in_b=self._only_in_b.bars,
            missing_in_a=tuple(self._only_in_b.gaps),
            missing_in_b=tuple(self._only_in_a.gaps),
            differences=tuple(self._differences),
            mean_deviation=self._total / self._common if self._common else None,
            max_deviation=self._largest if self._common else None,
            shifts=self._shifts.shifts(),
            findings=(),
        )

    def disagreement(self, names: tuple[str, str]) -> list[Finding]:
        """Return the findings about closes that are far apart."""
        a, b = names
        return [
            *self._above_error.finding(
                "close_disagreement",
                Severity.ERROR,
                f"closes of {b} are more than {RATIO_ERROR:.0%} away from those of {a}",
            ),
            *self._above_warning.finding(
                "close_disagreement",
                Severity.WARNING,
                f"closes of {b} are more than {RATIO_WARNING:.0%} away from those of {a}",
            ),
        ]


def _tally(tally: Tally, flags: NDArray[np.bool_], pair: tuple[Bars, Bars]) -> None:
    a, b = pair
    rows = np.flatnonzero(flags)
    tally.add(
        len(rows),
        [
            Example(
                int(a.open_ns[row]),
                {
                    "close_a": float(a.close[row]),
                    "close_b": float(b.close[row]),
                    "ratio": float(b.close[row] / a.close[row]),
                },
            )
            for row in rows[: tally.room]
        ],
    )


def _about_copies(comparison: Comparison) -> Iterator[Finding]:
    a, b = comparison.names
    if not comparison.common:
        sentence = f"{a} and {b} have no bar in common"
        yield Finding("nothing_in_common", Severity.WARNING, 0, sentence)
    if not comparison.are_copies:
        return
    yield Finding(
        "identical_series",
        Severity.WARNING,
        comparison.identical,
        f"these two series are copies: {comparison.identical:,} of {comparison.common:,} common"
        f" bars of {a} and {b} have the same open, high, low and close",
    )
    if comparison.differing:
        yield Finding(
            "differing_bars",
            Severity.WARNING,
            comparison.differing,
            f"bars in which the copies {a} and {b} differ: {comparison.differing:,}",
            tuple(
                Example(
                    found.time_ns, {f"{found.column}_a": found.a, f"{found.column}_b": found.b}
                )
                for found in comparison.differences
            ),
        )


def _about_shifts(comparison: Comparison) -> Iterator[Finding]:
    a, b = comparison.names
    for shift in comparison.shifts:
        yield Finding(
            "shifted",
            Severity.WARNING,
            abs(shift.bars),
            f"the times of {b} are shifted by {shift.bars:+d} bars against {a} from"
            f" {format_utc(shift.start_ns)} to {format_utc(shift.end_ns)}",
            (Example(shift.start_ns, {"bars": shift.bars, "correlation": shift.correlation}),),
        )


def _about_holes(comparison: Comparison) -> Iterator[Finding]:
    sides = (
        ("missing_in_a", comparison.names[0], comparison.only_in_b, comparison.missing_in_a),
        ("missing_in_b", comparison.names[1], comparison.only_in_a, comparison.missing_in_b),
    )
    for code, name, count, stretches in sides:
        if count:
            examples = tuple(Example(gap.start_ns, {"bars": gap.bars}) for gap in stretches[:5])
            sentence = f"bars that the other series has and {name} lacks: {count:,}"
            yield Finding(code, Severity.WARNING, count, sentence, examples)
