"""What the sets of a sweep earn where they were not chosen: window by window through time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from portfolio.metrics.returns import YEAR_DAYS
from research.examination.facts import SweepFacts, write_set
from research.examination.figures import Figure, growth, table
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.day_matrix import DaySearch
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined, measured
from research.validation.judging import walk_forward_efficiency as efficiency_gate
from research.validation.judging import walk_forward_windows as windows_gate
from research.validation.splits import Training, Window, walk_forward_windows
from research.validation.stability import Stability, stability
from research.validation.thresholds import Thresholds
from research.validation.walk_forward import WalkForward, walk_forward

# Choose on the first third, look at the rest window by window.
_TRAIN_PARTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkOptions:
    """How the days are cut."""

    n_windows: int = option(6, "tests, one after the other", low=1, high=500)
    train_days: int | None = option(
        None, "days to choose on, the first ones if anchored; auto is a third of all", low=2
    )
    training: Training = option(
        Training.ROLLING, "the same number of days in every window, or all that are past"
    )
    purge: int = option(5, "days left out before a test, for what is still held", low=0, high=3650)
    embargo: int = option(5, "days left out besides, for what resembles", low=0, high=3650)


def examine(facts: SweepFacts, options: WalkOptions, seed: int) -> Finding:  # noqa: ARG001
    """Walk forward over the sets of a sweep; nothing is drawn at random."""
    matrix = facts.matrix
    search = DaySearch(matrix)
    try:
        windows = _windows(len(matrix.day_ns), options)
        found = walk_forward(windows, search)
    except (InvalidArgument, NotComputable) as e:
        return _none(Undefined(e.detail), facts.thresholds)
    wandering = _wandering(found)
    tested = found.out_of_sample
    efficiency = measured(found.efficiency)
    trips = sum(search.round_trips(each.params, each.window.test) for each in found.outcomes)
    values: dict[str, Measured] = {
        "efficiency": efficiency,
        "share_positive": found.positive_share,
        "windows": float(len(found.outcomes)),
        "test_return": float(np.prod(1.0 + tested)) - 1.0,
        "train_growth": _yearly(np.concatenate([each.train for each in found.outcomes])),
        "test_growth": _yearly(tested),
        "round_trips": float(trips),
        "unchanged": _mean_unchanged(wandering),
        "step": _largest_step(wandering),
    }
    figures = {
        **_windows_shown(found, facts.days, title=f"Windows, {options.training}"),
        **_wandering_shown(wandering),
    }
    return Finding.judged(
        values,
        efficiency_gate(efficiency, facts.thresholds),
        windows_gate(found.positive_share, facts.thresholds),
        further=_stability_sentence(values),
        figures=figures,
    )


def _windows(n_days: int, options: WalkOptions) -> tuple[Window, ...]:
    return walk_forward_windows(
        n_days,
        n_windows=options.n_windows,
        train_bars=options.train_days or max(n_days // _TRAIN_PARTS, 1),
        training=options.training,
        purge=options.purge,
        embargo=options.embargo,
    )


def _none(missing: Undefined, thresholds: Thresholds) -> Finding:
    values: dict[str, Measured] = {value.key: missing for value in TOOL.values}
    return Finding.judged(
        values, efficiency_gate(missing, thresholds), windows_gate(missing, thresholds)
    )


def _yearly(returns: Floats) -> Measured:
    if returns.min() <= -1.0:
        return Undefined("everything was lost")
    return float(np.log1p(returns).mean() * YEAR_DAYS)


def _wandering(found: WalkForward) -> tuple[Stability, ...]:
    choices = [each.params for each in found.outcomes]
    return stability(choices) if len(choices) > 1 else ()


def _mean_unchanged(wandering: tuple[Stability, ...]) -> Measured:
    moved = [each for each in wandering if len(set(each.values)) > 1]
    if not wandering:
        return Undefined("there is one window, so nothing could change")
    if not moved:
        return 1.0
    return float(np.mean([each.unchanged for each in moved]))


def _largest_step(wandering: tuple[Stability, ...]) -> Measured:
    steps = [each.step for each in wandering if each.step is not None]
    if not steps:
        return Undefined("there is one window, or no parameter that is a number other than zero")
    return max(steps)


def _stability_sentence(values: dict[str, Measured]) -> str:
    unchanged, step = values["unchanged"], values["step"]
    if isinstance(unchanged, Undefined) or isinstance(step, Undefined):
        return ""
    return (
        f" From window to window parameters keep their value in {unchanged:.0%} of the cases;"
        f" the one that wanders most moves by {step:.0%} of itself."
    )


def _windows_shown(found: WalkForward, days: list[str], *, title: str) -> dict[str, Figure]:
    tested = [day for each in found.outcomes for day in days[_slice(each.window.test)]]
    rows = [
        [
            _stretch(days, each.window.train),
            _stretch(days, each.window.test),
            f"{float(np.prod(1.0 + each.train)) - 1.0:+.2%}",
            f"{each.test_return:+.2%}",
            write_set(dict(each.params)),
        ]
        for each in found.outcomes
    ]
    headers = ["chosen on", "tested on", "there", "here", "set chosen"]
    return {
        "windows": table(title, headers, rows),
        "equity": growth("Growth of 1 over all tests", tested, {"tests": found.out_of_sample}),
    }


def _wandering_shown(wandering: tuple[Stability, ...]) -> dict[str, Figure]:
    if not wandering:
        return {}
    rows = [
        [
            each.name,
            f"{each.unchanged:.0%}",
            None if each.step is None else f"{each.step:.0%}",
            " ".join(map(str, each.values)),
        ]
        for each in wandering
    ]
    headers = ["parameter", "kept", "mean step", "values"]
    return {"stability": table("How much the choice wanders", headers, rows)}


def _stretch(days: list[str], part: range) -> str:
    return f"{days[part.start]} to {days[part.stop - 1]}"


def _slice(days: range) -> slice:
    return slice(days.start, days.stop)


TOOL: Final = Tool(
    key="walk_forward",
    title="Walk-forward",
    question="Do sets chosen on the past earn on the days that follow?",
    subject=Subject.SWEEP,
    needs=Needs.DAYS,
    options=WalkOptions,
    values=(
        Value("efficiency", "growth on the tests over that on the trains"),
        Value("share_positive", "windows whose test earned", Form.PERCENT),
        Value("windows", "windows", Form.COUNT),
        Value("test_return", "return over all tests", Form.PERCENT),
        Value("train_growth", "log growth a year on the trains"),
        Value("test_growth", "log growth a year on the tests"),
        Value("round_trips", "round trips that ended on tested days", Form.COUNT),
        Value("unchanged", "parameters kept from window to window", Form.PERCENT),
        Value("step", "mean step of the one that wanders most", Form.PERCENT),
    ),
    examine=examine,
)
