"""Sweeps in the back office."""

from collections.abc import Iterable
from typing import Any, Final, override

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from research.admin_examined import examination_table
from research.admin_sweep_pages import SweepPages, page_mark
from research.models import FINAL_STATES, Sweep, Trial
from research.selectors.command_lines import run_command
from research.selectors.sweep_bins import BinnedSurface, trials_at
from research.selectors.sweep_charts import front_chart, objective_chart
from research.selectors.sweep_heat import axis_choices, heat_note, heat_table, shown_axes
from research.selectors.sweep_surfaces import read_surface
from research.selectors.sweeps import best_trials, list_sweeps, pareto_trials
from research.selectors.validation_tables import written_params

_SHOWN: Final = 20
_STATUS_LABELS: Final = {
    RunStatus.SUCCEEDED.value: "success",
    RunStatus.FAILED.value: "danger",
    RunStatus.REFUSED.value: "warning",
    RunStatus.CANCELED.value: "warning",
    RunStatus.RUNNING.value: "info",
    RunStatus.QUEUED.value: "info",
}


@admin.register(Sweep)
class SweepAdmin(SweepPages):
    """Sweeps with their best trials and the surface of their objective."""

    list_display = [
        "id",
        "status_label",
        "strategy",
        "engine",
        "method",
        "objective",
        "n_sets",
        "done",
        "created_at",
    ]
    list_filter = ["status", "engine", "method", "strategy_version__strategy"]
    search_fields = ["=id", "experiment__name", "strategy_version__strategy__key"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    change_form_before_template = "research/admin/sweep.html"
    fields = [
        "experiment",
        "strategy_version",
        "dataset",
        "engine",
        "engine_version",
        "values",
        "min_round_trips",
        "question",
        "created_by",
        "created_at",
        "finished_at",
        "peak_memory",
        "input_hash",
        "code_hash",
        "provenance",
    ]
    readonly_fields = ["values", "peak_memory"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the sweeps what they name."""
        return list_sweeps().select_related("created_by")

    @display(description="status", label=_STATUS_LABELS)
    def status_label(self, sweep: Sweep) -> str:
        """Return the status, coloured."""
        return sweep.status

    @admin.display(description="strategy")
    def strategy(self, sweep: Sweep) -> str:
        """Return the key."""
        return sweep.strategy_version.strategy.key

    @admin.display(description="done", ordering="progress")
    def done(self, sweep: Sweep) -> str:
        """Return how far it is."""
        return f"{sweep.progress:.0%}"

    @admin.display(description="values of the parameters")
    def values(self, sweep: Sweep) -> str:
        """Return each parameter with its values, or their ends where there are many."""
        return "; ".join(f"{name}: {_listed(values)}" for name, values in sweep.grid.items())

    @admin.display(description="peak memory")
    def peak_memory(self, sweep: Sweep) -> str:
        """Return the most memory it held, in MB of 10^6 bytes."""
        return "-" if sweep.peak_rss_bytes is None else f"{sweep.peak_rss_bytes / 1e6:,.0f} MB"

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the best trials and the surface above the row."""
        sweep = context.get("original")
        if isinstance(sweep, Sweep):
            context |= _facts(sweep) | _heat_map(request, sweep)
            context |= examination_table(request, sweep)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _facts(sweep: Sweep) -> dict[str, Any]:
    best = list(best_trials(sweep, count=_SHOWN))
    charts = [objective_chart(sweep, best=best[0] if best else None)]
    facts: dict[str, Any] = {
        "sweep": sweep,
        "status_label": _STATUS_LABELS[sweep.status],
        "counts": _counts(sweep),
        "best": _rows(sweep, best),
        "charts": charts,
        "verdicts": _verdicts(sweep),
        "is_open": sweep.status not in FINAL_STATES,
        "seen": page_mark(sweep),
    }
    if sweep.objectives:
        front = pareto_trials(sweep)
        charts.append(front_chart(sweep, front=front))
        facts["front"] = _rows(sweep, front[:_SHOWN])
    return facts


def _counts(sweep: Sweep) -> str:
    found = sweep.trials.aggregate(
        tried=Count("pk"),
        ranked=Count("value"),
        early=Count("pruned_after"),
        failed=Count("pk", filter=~Q(error="")),
    )
    return (
        f"{found['tried']:,} of {sweep.n_sets:,} sets tried by {sweep.method},"
        f" {found['ranked']:,} rank by {sweep.objective}, {found['early']:,} given up early,"
        f" {found['failed']:,} failed; {sweep.n_contradictory:,} contradict themselves."
    )


def _rows(sweep: Sweep, trials: Iterable[Trial]) -> list[dict[str, Any]]:
    return [
        {
            "number": trial.number,
            "value": _value(sweep, trial),
            "params": written_params(trial.params),
            "error": trial.error,
            "command": run_command(sweep.question, trial.params),
        }
        for trial in trials
    ]


def _value(sweep: Sweep, trial: Trial) -> str:
    if trial.values is not None:
        pairs = zip(sweep.objectives, trial.values, strict=True)
        return ", ".join(f"{metric} {value:.4g}" for metric, value in pairs)
    if trial.value is not None:
        return f"{trial.value:.4g}"
    if trial.pruned_after is not None:
        return f"given up after {trial.pruned_after:.0%} of the bars"
    return "does not rank"


def _verdicts(sweep: Sweep) -> list[dict[str, Any]]:
    rows = sweep.validations.order_by("pk").values_list("pk", "passed")
    return [
        {
            "page": reverse("admin:research_validation_change", args=[number]),
            "text": f"validation {number}: {'PASS' if passed else 'FAIL'}",
        }
        for number, passed in rows
    ]


def _heat_map(request: HttpRequest, sweep: Sweep) -> dict[str, Any]:
    names = shown_axes(sweep)
    if len(names) < 2:  # A single parameter has no surface.
        return {}
    x, y = request.GET.get("x", names[0]), request.GET.get("y", names[1])
    try:
        found = BinnedSurface.fit(read_surface(sweep, x=x, y=y, metric=sweep.objective))
        shown = _place(request, sweep, found)
    except PlatformError as error:
        messages.error(request, error.detail)
        return {}
    if not found.medians:
        return {}
    return {
        "heat": heat_table(found),
        "heat_title": f"{sweep.objective} by {x} (across) and {y} (down)",
        "heat_note": heat_note(found),
        "axes": axis_choices([*sweep.grid], x=x, y=y) if len(names) > 2 else [],
        **shown,
    }


def _place(request: HttpRequest, sweep: Sweep, found: BinnedSurface) -> dict[str, Any]:
    asked = request.GET.get("at")
    if asked is None:
        return {}
    place = found.read_place(asked)
    x, y = found.x.labels[place[0]], found.y.labels[place[1]]
    return {
        "place": _rows(sweep, trials_at(sweep, found, place, most=_SHOWN)),
        "place_title": (
            f"The best sets with {found.of.x} {x} and {found.of.y} {y}, {_SHOWN} at most"
        ),
    }


def _listed(given: list[str]) -> str:
    values = list(dict.fromkeys(given))  # Of sets that were named one by one they repeat.
    if len(values) <= _SHOWN:
        return ", ".join(values)
    return f"{values[0]}, {values[1]}, ..., {values[-1]} ({len(values):,} values)"
