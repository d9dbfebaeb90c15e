"""A validation as tables for people: its gates and its windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trading.strategies.parameters import Value

type Table = list[list[str]]

# What is counted or measured, after the number; those with a percent sign are shares of it.
_UNITS: Final = {
    "deflated_sharpe": "% probability",
    "overfitting": "% of splits",
    "walk_forward_efficiency": "% of the growth",
    "walk_forward_windows": "% of windows",
    "doubled_costs": "% return",
    "delay": "% of the Sharpe ratio",
    "neighbourhood": "% of neighbours",
    "bootstrap": "% return",
    "parity": " ppm of equity",
    "look_ahead": " leaks",
}
_SCALES: Final = {"%": 100.0, "ppm": 1_000_000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """A gate as it is read; value and threshold with their unit."""

    name: str
    value: str
    threshold: str
    passed: bool
    sentence: str

    @property
    def label(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")


def gate_rows(gates: Sequence[Mapping[str, Any]]) -> list[GateRow]:
    """Return the gates of a validation in their order."""
    return [
        GateRow(
            name=gate["name"],
            value="cannot be computed"
            if gate["value"] is None
            else _measure(gate["value"], unit=_unit(gate), form=".4g"),
            threshold=f"{gate['comparison']} "
            + _measure(gate["threshold"], unit=_unit(gate).split(" of ")[0], form=".6g"),
            passed=gate["passed"],
            sentence=gate["sentence"],
        )
        for gate in gates
    ]


def window_table(figures: Mapping[str, Any]) -> Table:
    """Return a row for each window of the walk-forward, none without one."""
    rows = [["tested from, to before", "chosen on", "set", "return there", "return tested"]]
    rows += [
        [
            _period(window["test"]),
            _period(window["train"]),
            written_params(window["params"]),
            f"{window['train_return']:+.2%}",
            f"{window['test_return']:+.2%}",
        ]
        for window in figures.get("windows", ())
    ]
    return rows


def stability_sentence(figures: Mapping[str, Any]) -> str:
    """Return how much the choice wanders from window to window, empty where it cannot be told."""
    return " ".join(
        f"{each['name']} is that of the window before in {each['unchanged']:.0%} of the windows"
        + ("." if each["step"] is None else f", and moves by {each['step']:.0%} of itself.")
        for each in figures.get("stability", ())
    )


def written_params(params: Mapping[str, Value] | None) -> str:
    """Return a set as text, or that there is none."""
    if params is None:
        return "none to judge"
    words = (
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in params.items()
    )
    return " ".join(words) or "without parameters"


def _unit(gate: Mapping[str, Any]) -> str:
    if gate["name"] == "sample":  # Which of the two it shows is in its sentence alone.
        return " years" if " in years " in gate["sentence"] else " round trips"
    return _UNITS[gate["name"]]


def _measure(value: float, *, unit: str, form: str) -> str:
    scale = next((scale for sign, scale in _SCALES.items() if unit.strip().startswith(sign)), 1.0)
    return f"{_plain(value * scale, form)}{unit}"


def _plain(value: float, form: str) -> str:
    # Rounded to the digits of the form, but never as a power of ten.
    return f"{float(f'{value:{form}}'):,.15g}"


def _period(period: Mapping[str, str]) -> str:
    return f"{period['start'][:10]}, {period['end'][:10]}"
