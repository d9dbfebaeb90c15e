"""A run as text for a terminal."""

from typing import Any, Final

from common.commands import columns
from research.selectors.metrics import METRICS, format_metric


def render_run(document: dict[str, Any]) -> str:
    """Return a run in a dozen lines."""
    strategy, data = document["strategy"], document["dataset"]
    params = " ".join(f"{name}={value}" for name, value in strategy["params"].items())
    heading = (
        f"run {document['run_id']} {document['status']}: {strategy['key']} {params}"
        f" on {document['engine']['name']} {document['engine']['version']}"
    )
    stretch = f"{data['instrument']}.{data['venue']} {data['timeframe']}"
    if data["rows"] is not None:
        stretch += f": {data['rows']:,} bars, {data['start']} to {data['end']}"
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


def render_sweep(document: dict[str, Any]) -> str:
    """Return a sweep as a heading and a table of its best sets."""
    strategy, engine = document["strategy"], document["engine"]
    rate = document["trials_per_second"]
    heading = (
        f"sweep {document['sweep_id']} {document['status']}: {strategy['key']} on"
        f" {engine['name']} {engine['version']}"
    )
    again = document["n_repeated"]
    counts = (
        f"{document['n_sets']:,} sets by {document['method']},"
        f" {document['n_contradictory']:,} contradictory,"
        + (f" {again:,} asked for again," if again else "")
        + f" {document['n_trials']:,} tried, {document['n_failed']:,} failed;"
        f" {document['n_ranked']:,} with {document['min_round_trips']} round trips or more"
        + (f"; {document['n_pruned']:,} given up early" if document["n_pruned"] else "")
        + (f"; {rate:,.0f} a second" if rate else "")
    )
    lines = [heading, counts]
    if "code" in document:
        lines.append(f"{document['code']}: {document['detail']}")
    lines += [f"failed: {_set(one)}: {one['error']}" for one in document["failures"]]
    shown = [(name, label, form) for name, label, form in METRICS if name in _SWEEP_COLUMNS]
    rows = [["", *(label for _, label, _ in shown), "parameters"]]
    for place, trial in enumerate(document["best"], 1):
        figures = [format_metric(trial["metrics"].get(name), form) for name, _, form in shown]
        rows.append([f"{place}", *figures, _set(trial)])
    return "\n".join([*lines, columns(rows), *_render_front(document)])


def _set(trial: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in trial["params"].items())


def _render_front(document: dict[str, Any]) -> list[str]:
    if not document.get("front"):
        return []
    names = document["objectives"]
    rows = [
        [
            *(f"{value:.4g}" for value in trial["values"]),
            _set(trial),
        ]
        for trial in document["front"]
    ]
    title = f"\nno set is better in {' and '.join(names)} at once than these {len(rows)}:"
    return [title, columns([[*names, "parameters"], *rows])]


_SWEEP_COLUMNS: Final = frozenset({
    "total_return", "sharpe", "sortino", "max_drawdown", "n_round_trips", "exposure",
})  # fmt: skip
