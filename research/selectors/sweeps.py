"""Sweeps: one by number, its best trials, and a sweep as a document."""

from typing import Any

from django.db.models import F, QuerySet

from research.domain.sweep import Objective
from research.exceptions import UnknownSweep
from research.models import Sweep, Trial

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


def best_trials(sweep: Sweep, *, count: int) -> QuerySet[Trial]:
    """Return the trials that rank highest; those that must not rank are none of them."""
    order = "value" if Objective(sweep.objective).sign < 0 else "-value"
    return sweep.trials.filter(value__isnull=False).order_by(order, "number")[:count]


def describe_sweep(sweep: Sweep, *, best: int) -> dict[str, Any]:
    """Return a sweep as the document that the command and the API show."""
    seconds = sum(sweep.timings.get("sittings_s", []))
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
        "dataset": {"hash": sweep.dataset.hash, "rows": sweep.dataset.rows},
        "grid": sweep.grid,
        "objective": sweep.objective,
        "min_round_trips": sweep.min_round_trips,
        "n_sets": sweep.n_sets,
        "n_contradictory": sweep.n_contradictory,
        "n_trials": n_trials,
        "n_failed": sweep.trials.exclude(error="").count(),
        "n_ranked": sweep.trials.filter(value__isnull=False).count(),
        "progress": sweep.progress,
        "seconds": seconds,
        "trials_per_second": n_trials / seconds if seconds else None,
        "peak_rss_mb": None if sweep.peak_rss_bytes is None else sweep.peak_rss_bytes / 1e6,
        "best": [
            {"number": trial.number, "params": trial.params, "metrics": trial.metrics}
            for trial in best_trials(sweep, count=best)
        ],
    }
    if sweep.error_code:
        document |= {
            "code": sweep.error_code,
            "detail": sweep.error_detail,
            "extra": {"sweep_id": sweep.pk},
        }
    return document


def surface(sweep: Sweep, *, x: str, y: str, metric: str) -> list[tuple[Any, Any, float | None]]:
    """Return a metric over two parameters, for a heat map, oldest trial first."""
    rows = sweep.trials.order_by("number").values_list(
        F(f"params__{x}"), F(f"params__{y}"), F(f"metrics__{metric}")
    )
    return list(rows)
