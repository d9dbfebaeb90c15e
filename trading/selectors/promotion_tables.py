"""Steps as pages show them."""

from collections.abc import Iterable
from typing import Any

from trading.models import Promotion, PromotionRequest

type Step = Promotion | PromotionRequest


def configuration(step: Step) -> str:
    """Return parameters, instrument, timeframe and engine in one line."""
    params = ", ".join(f"{name}={value}" for name, value in sorted(step.params.items()))
    setting = step.setting
    market = f"{setting['instrument']}.{setting['venue']} {setting['timeframe']}"
    return f"{params or 'no parameters'} on {market}, {setting['engine']}"


def settings_table(step: Step) -> list[tuple[str, str]]:
    """Return the setting in which it was judged, label and value."""
    flat = {**step.setting, **step.setting.get("costs", {})}
    shown = {name: value for name, value in flat.items() if name != "costs" and value != {}}
    return [(name.replace("_", " "), str(value)) for name, value in shown.items()]


def gate_table(step: Step) -> list[dict[str, Any]]:
    """Return the gates of the evidence as they were found; none for a step down."""
    return [
        {
            "name": gate["name"].replace("_", " "),
            "value": "-" if gate["value"] is None else f"{gate['value']:.6g}",
            "needed": f"{gate['comparison']} {gate['threshold']:g}",
            "passed": gate["passed"],
            "sentence": gate["sentence"],
        }
        for gate in step.evidence.get("gates", [])
    ]


def references(step: Step) -> list[tuple[str, str]]:
    """Return what the evidence can be looked up from, label and value."""
    found = step.evidence.get("references", {})
    return [
        (label.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else value)
        for label, value in found.items()
    ]


def step_rows(steps: Iterable[Promotion]) -> list[list[str]]:
    """Return steps as rows of a table: when, what, from where to where, by whom and why."""
    return [
        [
            f"{step.created_at:%Y-%m-%d %H:%M}",
            step.strategy_version.version,
            configuration(step),
            f"{step.from_stage} → {step.to_stage}",
            f"{step.requested_by.username}, {step.approved_by.username}",
            step.reason,
        ]
        for step in steps
    ]
