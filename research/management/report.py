"""A run as text for a terminal."""

from typing import Any

from research.selectors.metrics import METRICS, format_metric


def render_run(document: dict[str, Any]) -> str:
    """Return a run in a dozen lines."""
    strategy, data = document["strategy"], document["dataset"]
    params = " ".join(f"{name}={value}" for name, value in strategy["params"].items())
    heading = (
        f"run {document['run_id']} {document['status']}: {strategy['key']} {params}"
        f" on {document['engine']['name']} {document['engine']['version']}"
    )
    stretch = (
        f"{data['instrument']}.{data['venue']} {data['timeframe']}: {data['rows']:,} bars,"
        f" {data['start']} to {data['end']}"
    )
    lines = [heading, stretch]
    if "code" in document:
        lines.append(f"{document['code']}: {document['detail']}")
    if document["differs_from"]:
        lines.append(f"ALERT: equal inputs gave another result in run {document['differs_from']}")
    metrics = document["metrics"]
    lines += [
        f"  {label:<18} {format_metric(metrics[name], form):>14}"
        for name, label, form in METRICS
        if name in metrics
    ]
    lines.append(f"  {'trials so far':<18} {document['trials']:>14,}")
    return "\n".join(lines)
