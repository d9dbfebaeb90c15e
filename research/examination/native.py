"""The same questions to a strategy file, by the analyses of its own engine."""

from typing import Final

from research.domain.backtest import NativeRequest
from research.engines.exceptions import UnsupportedFeature
from research.engines.freqtrade.analysis import find_lookahead, find_recursion
from research.engines.freqtrade.bias_reports import LookaheadReport, RecursiveReport
from research.examination.facts import Asked
from research.examination.figures import table
from research.examination.tool import Finding
from research.validation.gates import Measured, Undefined

# The only engine that analyses files of strategies.
_ANALYSES: Final = "freqtrade"


def find_native_lookahead(asked: Asked, *, least_trades: int) -> Finding:
    """Ask Freqtrade whether trades or columns of a file change without later bars.

    Raises
    ------
    UnsupportedFeature
        If the file is of another engine.
    PlatformError
        As the analysis.
    """
    report = find_lookahead(
        _file(asked), asked.market, least_trades=least_trades, most_trades=2 * least_trades
    )
    leaks: Measured = float(
        report.biased_entries + report.biased_exits + len(report.biased_indicators)
    )
    if report.has_bias is None:
        leaks = Undefined(f"it made fewer than {least_trades} trades, which Freqtrade needs")
    return Finding(
        values={
            "leaks": leaks,
            "bars": float(len(asked.market.bars)),
            "cuts": float(report.signals),
            "changes": Undefined("Freqtrade looks at trades, not at targets"),
        },
        passed=report.has_bias is False,
        sentence=_leak_sentence(report, leaks),
    )


def find_native_recursion(asked: Asked, *, tolerance: float) -> Finding:
    """Ask Freqtrade how far the columns of a file move with more history.

    Raises
    ------
    UnsupportedFeature
        If the file is of another engine.
    PlatformError
        As the analysis.
    """
    report = find_recursion(_file(asked), asked.market)
    moved = {
        name: by[report.startup]
        for name, by in report.differences.items()
        if not abs(by.get(report.startup, 0.0)) <= tolerance  # NaN is no agreement either.
    }
    return Finding(
        values={
            "declared": float(report.startup),
            "dependent": float(len(moved)),
            "bars": float(len(asked.market.bars)),
            "starts": float(len(_startups(report))),
        },
        passed=not moved,
        sentence=_move_sentence(report, moved, tolerance=tolerance),
        figures={
            "differences": table(
                "How far each column is from that of the whole history, by bars of warm-up",
                ["column", *map(str, _startups(report))],
                [
                    [name, *(_cell(by.get(startup)) for startup in _startups(report))]
                    for name, by in report.differences.items()
                ],
            )
        },
    )


def _file(asked: Asked) -> NativeRequest:
    if asked.engine != _ANALYSES or not isinstance(asked.request, NativeRequest):
        raise UnsupportedFeature(
            f"engine {asked.engine} has no analysis of its strategy files; {_ANALYSES} has",
            engine=asked.engine,
            features=["native"],
        )
    return asked.request


def _leak_sentence(report: LookaheadReport, leaks: Measured) -> str:
    if isinstance(leaks, Undefined):
        return f"Whether it looks ahead cannot be judged: {leaks.reason}."
    if not leaks:
        return (
            f"Freqtrade made {report.signals} trades again without the bars after them: none"
            " changed, nor did a column."
        )
    columns = ", ".join(report.biased_indicators) or "no column by itself"
    return (
        f"Of {report.signals} trades {report.biased_entries} entries and"
        f" {report.biased_exits} exits are not made without the bars after them ({columns}):"
        " it trades on what had not happened."
    )


def _move_sentence(report: RecursiveReport, moved: dict[str, float], *, tolerance: float) -> str:
    if not moved:
        return (
            f"With the {report.startup} bars of warm-up it asks for no column moves by more"
            f" than {tolerance:g} when there is more history."
        )
    worst = max(moved, key=lambda name: abs(moved[name]))
    return (
        f"It asks for {report.startup} bars of warm-up; with more history"
        f" {', '.join(sorted(moved))} would be others, {worst} by {moved[worst]:.2g} of itself:"
        " live it would decide from other numbers than in this run."
    )


def _startups(report: RecursiveReport) -> list[int]:
    return sorted({startup for by in report.differences.values() for startup in by})


def _cell(difference: float | None) -> str:
    return "0" if difference is None else f"{difference:.2g}"
