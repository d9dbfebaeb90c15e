"""A validation as one page for a terminal."""

from textwrap import fill
from typing import Any

from common.commands import columns


def render_validation(document: dict[str, Any]) -> str:
    """Return the verdict, the gates as a table, and a sentence for each."""
    strategy, data, gates = document["strategy"], document["dataset"], document["gates"]
    params = " ".join(f"{name}={value}" for name, value in (strategy["params"] or {}).items())
    failed = [gate["name"] for gate in gates if not gate["passed"]]
    heading = (
        f"validation {document['validation_id']} {document['verdict']}: {strategy['key']}"
        f" {params or '(none to judge)'}"
    )
    stretch = (
        f"{data['instrument']}.{data['venue']} {data['timeframe']}: {data['rows']:,} bars,"
        f" {data['start']} to {data['end']}; {document['n_trials']:,} trials"
    )
    summary = f"failed: {', '.join(failed)}" if failed else f"all {len(gates)} gates passed"
    rows = [["gate", "value", "threshold", ""]]
    rows += [
        [
            gate["name"],
            "none" if gate["value"] is None else f"{gate['value']:.4g}",
            f"{gate['comparison']} {gate['threshold']:g}",
            "pass" if gate["passed"] else "FAIL",
        ]
        for gate in gates
    ]
    sentences = [
        fill(f"{gate['name']}: {gate['sentence']}", width=96, subsequent_indent="  ")
        for gate in gates
    ]
    return "\n".join([heading, stretch, summary, "", columns(rows), "", *sentences])
