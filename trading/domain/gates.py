"""Which gates a promotion needs, and whether what was found still passes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from common.domain.enums import Comparison
from trading.domain.thresholds import THRESHOLDS

# All of these and no others; where a gate has a threshold of its own, that bears its name.
REQUIRED: Final = (
    "sample",
    "deflated_sharpe",
    "overfitting",
    "walk_forward_efficiency",
    "walk_forward_windows",
    "doubled_costs",
    "delay",
    "neighbourhood",
    "bootstrap",
    "parity",
    "look_ahead",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGate:
    """One gate of a verdict, as it was found.

    Parameters
    ----------
    name, comparison
        Which gate, and how the value had to stand to the threshold.
    value
        The number; None where it could not be computed.
    threshold
        What was asked of it then.
    passed
        Whether it did.
    sentence
        What that means.
    """

    name: str
    value: float | None
    comparison: str
    threshold: float
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Numbers behind the gates that one value does not tell; None where unknown.

    Parameters
    ----------
    round_trips, years
        Closed round trips out of sample, and years of it; one of them has to suffice.
    bootstrap_level
        Which quantile of the bootstrapped returns was looked at.
    """

    round_trips: float | None
    years: float | None
    bootstrap_level: float | None


def shortcomings(
    gates: Sequence[FoundGate], measures: Measures, thresholds: Mapping[str, float]
) -> list[str]:
    """Return why the gates do not admit a promotion, one sentence each; empty if they do.

    Parameters
    ----------
    gates
        As they were found. What did not pass then does not pass now, whatever is asked now.
    measures
        What some of them were found from.
    thresholds
        What is asked now, under every key of `THRESHOLDS`.
    """
    found = {gate.name: gate for gate in gates}
    if len(found) != len(gates) or set(found) != set(REQUIRED):
        return [_not_all_there(gates)]
    return [
        reason
        for name in REQUIRED
        if (reason := _shortcoming(found[name], measures, thresholds)) is not None
    ]


def _not_all_there(gates: Sequence[FoundGate]) -> str:
    names = [gate.name for gate in gates]
    missing = ", ".join(name for name in REQUIRED if name not in names) or "none"
    return f"all of {', '.join(REQUIRED)} are needed, once each; missing: {missing}"


def _shortcoming(
    gate: FoundGate, measures: Measures, thresholds: Mapping[str, float]
) -> str | None:
    if gate.value is None or not isfinite(gate.value):
        return f"{gate.name} could not be computed"
    if gate.passed is not True:
        return f"{gate.name} did not pass: {gate.value:.6g}, {gate.comparison} {gate.threshold:g}"
    if gate.name == "sample":
        return _sample(measures, thresholds)
    if gate.name == "bootstrap" and (reason := _level(measures, thresholds)) is not None:
        return reason
    return _asked_now(gate.name, gate.value, thresholds)


def _level(measures: Measures, thresholds: Mapping[str, float]) -> str | None:
    if _holds("bootstrap_level", measures.bootstrap_level, thresholds):
        return None
    return (
        f"bootstrap looked at the quantile {_said(measures.bootstrap_level)},"
        f" at most {thresholds['bootstrap_level']:g} is asked now"
    )


def _asked_now(name: str, value: float, thresholds: Mapping[str, float]) -> str | None:
    # Of leaks none is too few to matter, so there is nothing to set.
    threshold = thresholds[name] if name in THRESHOLDS else 0.0
    comparison = THRESHOLDS[name].comparison if name in THRESHOLDS else Comparison.AT_MOST
    if comparison.holds(value, threshold):
        return None
    return f"{name} is {value:.6g}, {comparison} {threshold:g} is asked now"


def _sample(measures: Measures, thresholds: Mapping[str, float]) -> str | None:
    keys = ("round_trips", "years")
    if any(_holds(key, getattr(measures, key), thresholds) for key in keys):
        return None
    return (
        f"sample has {_said(measures.round_trips)} round trips in {_said(measures.years)} years,"
        f" at least {thresholds['round_trips']:g} or {thresholds['years']:g} years are asked now"
    )


def _holds(key: str, value: float | None, thresholds: Mapping[str, float]) -> bool:
    known = value is not None and isfinite(value)
    return known and THRESHOLDS[key].comparison.holds(value or 0.0, thresholds[key])


def _said(value: float | None) -> str:
    return "(unknown)" if value is None else f"{value:.6g}"


def read_gates(documents: Sequence[Mapping[str, Any]]) -> tuple[FoundGate, ...]:
    """Return the gates of a verdict's JSON; a document that lacks a fact is a mistake of ours."""
    fields = ("name", "value", "comparison", "threshold", "passed", "sentence")
    return tuple(FoundGate(**{name: each[name] for name in fields}) for each in documents)
