"""A validation as one page for a terminal."""

from textwrap import fill
from typing import Any

from common.commands import columns
from research.selectors.validation_tables import (
    gate_rows,
    stability_sentence,
    window_table,
    written_params,
)

_WIDTH = 96
_EVIDENCE = (
    ("sweep_id", "the sets that it was chosen from", "sweep"),
    ("run_id", "the chosen set over the period", "run"),
    ("doubled_run_id", "the chosen set at doubled costs", "run"),
    ("neighbours_sweep_id", "the sets around the chosen one", "sweep"),
    ("comparison_id", "the chosen set on two engines", "comparison"),
)


def render_validation(document: dict[str, Any]) -> str:
    """Return the verdict, the gates with a sentence for each, and what they were found from."""
    gates = gate_rows(document["gates"])
    table = [["gate", "value", "needed", ""]]
    table += [
        [gate.name, gate.value, gate.threshold, "pass" if gate.passed else "FAIL"]
        for gate in gates
    ]
    sentences = [
        fill(f"{gate.name}: {gate.sentence}", width=_WIDTH, subsequent_indent="  ")
        for gate in gates
    ]
    parts = [_heading(document), columns(table), "\n".join(sentences), _evidence(document)]
    windows = window_table(document)
    if len(windows) > 1:
        parts.append(columns(windows))
    wandering = stability_sentence(document)
    if wandering:
        parts.append(fill(wandering, width=_WIDTH))
    if document["command"]:
        parts.append(document["command"])
    return "\n\n".join(parts)


def _heading(document: dict[str, Any]) -> str:
    strategy, data, gates = document["strategy"], document["dataset"], document["gates"]
    failed = [gate["name"] for gate in gates if not gate["passed"]]
    elsewhere = document["question"]["prior_trials"]
    name = f"{strategy['key']} {written_params(strategy['params'])}"
    series = f"{data['instrument']}.{data['venue']} {data['timeframe']}"
    return "\n".join([
        f"validation {document['validation_id']} {document['verdict']}: {name}",
        f"{series}: {data['rows']:,} bars, {data['start']} to {data['end']}",
        f"{document['n_trials']:,} trials counted, {elsewhere:,} of them made elsewhere",
        f"failed: {', '.join(failed)}" if failed else f"all {len(gates)} gates passed",
    ])


def _evidence(document: dict[str, Any]) -> str:
    """Return what it was found from, by the numbers that other commands take."""
    numbers = document["evidence"]
    return "\n".join(
        f"{what}: {noun} {numbers[name]}"
        for name, what, noun in _EVIDENCE
        if numbers[name] is not None
    )
