"""Sweeps: one by number, its best trials, and a sweep as a document."""

from typing import Any, Final

import numpy as np
from django.db.models import F, QuerySet, Sum

from research.domain.sweep import Objective
from research.exceptions import SweepNotRunning, UnknownSweep
from research.models import Dataset, Sweep, Trial
from research.search.pareto import pareto_front

# Enough to see why; the trials themselves say it of each.
_MOST_FAILURES: Final = 3
_RELATED = ("experiment", "strategy_version__strategy", "dataset__series__instrument__venue")


def list_sweeps() -> QuerySet[Sweep]:
    """Return all sweeps with what they name, in one query."""
    return Sweep.objects.select_related(*_RELATED)


def get_sweep(number: int) -> Sweep:
    """Return a sweep.

    Raises
    ------
    UnknownSweep
        If there is none of that number.
    """
    sweep = list_sweeps().filter(pk=number).first()
    if sweep is None:
        raise UnknownSweep(f"no sweep {number}", sweep=number)
    return sweep


def dataset_of(sweep: Sweep) -> Dataset:
    """Return the bars of a sweep that has begun.

    Raises
    ------
    SweepNotRunning
        If it has not.
    """
    if sweep.dataset is None:
        raise SweepNotRunning(f"{sweep} has not begun: its bars are not known", sweep=sweep.pk)
    return sweep.dataset


def best_trials(sweep: Sweep, *, count: int) -> QuerySet[Trial]:
    """Return the trials that rank highest; those that must not rank are none of them."""
    order = "value" if Objective(sweep.objective).sign < 0 else "-value"
    return sweep.trials.filter(value__isnull=False).order_by(order, "number")[:count]


def describe_sweep(sweep: Sweep, *, best: int) -> dict[str, Any]:
    """Return a sweep as the document that the command and the API show."""
    seconds = worked_seconds(sweep)
    n_trials = sweep.trials.count()
    document: dict[str, Any] = {
        "sweep_id": sweep.pk,
        "status": sweep.status,
        "experiment": sweep.experiment.name,
        "engine": {"name": sweep.engine, "version": sweep.engine_version},
        "strategy": {
            "key": sweep.strategy_version.strategy.key,
            "version": sweep.strategy_version.version,
            "source_hash": sweep.strategy_version.source_hash,
        },
        "dataset": _dataset(sweep),
        "grid": sweep.grid,
        "method": sweep.method,
        "objective": sweep.objective,
        "objectives": sweep.objectives or [sweep.objective],
        "min_round_trips": sweep.min_round_trips,
        "n_sets": sweep.n_sets,
        "n_contradictory": sweep.n_contradictory,
        "n_trials": n_trials,
        "n_repeated": _n_repeated(sweep, n_trials),
        "n_failed": sweep.trials.exclude(error="").count(),
        "n_pruned": sweep.trials.filter(pruned_after__isnull=False).count(),
        "n_ranked": sweep.trials.filter(value__isnull=False).count(),
        "progress": sweep.progress,
        "paused": sweep.paused_at is not None,
        "seconds": seconds,
        "trials_per_second": n_trials / seconds if seconds else None,
        "peak_rss_mb": None if sweep.peak_rss_bytes is None else sweep.peak_rss_bytes / 1e6,
        "best": [
            {"number": trial.number, "params": trial.params, "metrics": trial.metrics}
            for trial in best_trials(sweep, count=best)
        ],
        "failures": [
            {"number": trial.number, "params": trial.params, "error": trial.error}
            for trial in sweep.trials.exclude(error="").order_by("number")[:_MOST_FAILURES]
        ],
    }
    if sweep.objectives:
        document["front"] = [
            {"number": trial.number, "params": trial.params, "values": trial.values}
            for trial in pareto_trials(sweep)
        ]
    if sweep.error_code:
        document |= {
            "code": sweep.error_code,
            "detail": sweep.error_detail,
            "extra": {"sweep_id": sweep.pk},
        }
    return document


def worked_seconds(sweep: Sweep) -> float:
    """Return how long at least one process was at a sweep."""
    # As they were noted before several processes could be at one.
    before: float = sum(sweep.timings.get("sittings_s", []))
    total, end = before, 0.0
    for first, last in sorted(sweep.timings.get("sittings", {}).values()):
        total += max(last - max(first, end), 0.0)
        end = max(end, last)
    return total


def pareto_trials(sweep: Sweep) -> list[Trial]:
    """Return the trials that no other is better than in all objectives at once."""
    ranked = sweep.trials.filter(values__isnull=False).order_by("number")
    # Of the many that are no part of it, nothing more is read.
    known = [*ranked.values_list("pk", "values")]
    if not known:
        return []
    signs = [Objective(metric).sign for metric in sweep.objectives]
    values = np.array([each for _, each in known], np.float64)
    best = [
        pk for (pk, _), is_best in zip(known, pareto_front(values, signs), strict=True) if is_best
    ]
    found = sweep.trials.in_bulk(best)
    return [found[pk] for pk in best]


def _n_repeated(sweep: Sweep, n_trials: int) -> int:
    """Return how many places of a search asked for a set that it had asked for before."""
    if sweep.method in {"grid", "list"}:
        return 0
    places = sweep.chunks.filter(state="DONE").aggregate(places=Sum("size"))["places"] or 0
    return int(places) - n_trials - sweep.n_contradictory


def _dataset(sweep: Sweep) -> dict[str, Any] | None:
    dataset = sweep.dataset
    return None if dataset is None else {"hash": dataset.hash, "rows": dataset.rows}


def surface(sweep: Sweep, *, x: str, y: str, metric: str) -> list[tuple[Any, Any, float | None]]:
    """Return a metric over two parameters, for a heat map, oldest trial first."""
    rows = sweep.trials.order_by("number").values_list(
        F(f"params__{x}"), F(f"params__{y}"), F(f"metrics__{metric}")
    )
    return list(rows)
