"""Sweeps in the back office."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, override
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from common.admin import ReadOnlyAdmin
from common.domain.errors import PlatformError
from research.domain.sweep import Objective
from research.models import Sweep, Trial
from research.selectors.command_lines import run_command
from research.selectors.sweep_bins import BinnedSurface, trials_at
from research.selectors.sweep_charts import objective_chart
from research.selectors.sweep_surfaces import read_surface
from research.selectors.sweeps import best_trials, list_sweeps
from research.selectors.validation_tables import written_params

_SHOWN: Final = 20


@admin.register(Sweep)
class SweepAdmin(ReadOnlyAdmin):
    """Sweeps with their best trials and the surface of their objective."""

    list_display = ["id", "status", "strategy", "engine", "objective", "n_sets", "created_at"]
    list_filter = ["status", "engine", "strategy_version__strategy"]
    search_fields = ["=id", "experiment__name", "strategy_version__strategy__key"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    change_form_before_template = "research/admin/sweep.html"

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the sweeps what they name."""
        return list_sweeps()

    @admin.display(description="strategy")
    def strategy(self, sweep: Sweep) -> str:
        """Return the key."""
        return sweep.strategy_version.strategy.key

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the best trials and the surface above the row."""
        sweep = context.get("original")
        if isinstance(sweep, Sweep):
            best = list(best_trials(sweep, count=_SHOWN))
            context |= {
                "best": _rows(sweep, best),
                "chart": objective_chart(sweep, best=best[0] if best else None),
                "verdicts": _verdicts(sweep),
            }
            context |= _heat_map(request, sweep)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _rows(sweep: Sweep, trials: Iterable[Trial]) -> list[dict[str, Any]]:
    return [
        {
            "number": trial.number,
            "value": "does not rank" if trial.value is None else f"{trial.value:.4g}",
            "params": written_params(trial.params),
            "error": trial.error,
            "command": run_command(sweep.question, trial.params),
        }
        for trial in trials
    ]


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
    names = [*sweep.grid]
    if len(names) < 2:  # A single parameter has no surface.
        return {}
    first, second = _varied_first(sweep)[:2]
    x, y = request.GET.get("x", first), request.GET.get("y", second)
    try:
        found = BinnedSurface.fit(read_surface(sweep, x=x, y=y, metric=sweep.objective))
        shown = _place(request, sweep, found)
    except PlatformError as error:
        messages.error(request, error.detail)
        return {}
    title = f"{sweep.objective} by {x} (across) and {y} (down)"
    return {
        "heat": _cells(found),
        "heat_title": title,
        "heat_note": _note(found),
        "axes": _axes(names, x=x, y=y) if len(names) > 2 else [],
        **shown,
    }


def _varied_first(sweep: Sweep) -> list[str]:
    """Return the parameters, those of one value last: there is nothing to see along them."""
    return sorted(sweep.grid, key=lambda name: len(set(sweep.grid[name])) < 2)


def _note(found: BinnedSurface) -> str:
    note = "The median of the sets at a place; blue is better, orange worse."
    if found.is_grouped:
        surface = found.of
        note += (
            f" {len(surface.x_values):,} by {len(surface.y_values):,} values are shown in groups,"
            " from the first to the last of each."
        )
    return note + " A place leads to its sets."


def _axes(names: Sequence[str], *, x: str, y: str) -> list[dict[str, Any]]:
    """Return for each axis the parameters that it could show; that of the other is swapped."""

    def link(axis: str, name: str) -> str:
        chosen = {"x": name, "y": x if name == y else y} if axis == "x" else {
            "x": y if name == x else x, "y": name,
        }  # fmt: skip
        return f"?{urlencode(chosen)}#surface"

    return [
        {
            "label": label,
            "choices": [
                {"name": name, "link": link(axis, name), "is_shown": name == shown}
                for name in names
            ],
        }
        for axis, label, shown in (("x", "across", x), ("y", "down", y))
    ]


def _cells(found: BinnedSurface) -> dict[str, Any]:
    sign = Objective(found.of.metric).sign
    medians = found.medians
    low, high = min(medians.values(), default=0.0), max(medians.values(), default=0.0)
    query = urlencode({"x": found.of.x, "y": found.of.y})

    def cell(place: tuple[int, int]) -> dict[str, str]:
        if place not in medians:
            return {"text": "missing"}
        of_range = (medians[place] - low) / (high - low) if high > low else 0.5
        lean = sign * (2 * of_range - 1)
        colour = "37, 99, 235" if lean > 0 else "234, 88, 12"  # Blue is better, orange worse.
        return {
            "text": f"{medians[place]:.3g}",
            "colour": f"rgba({colour}, {0.6 * abs(lean):.2f})",
            "link": f"?{query}&at={place[0]},{place[1]}#place",
        }

    rows = [
        (label, [cell((column, row)) for column in range(found.x.n_bins)])
        for row, label in enumerate(found.y.labels)
    ]
    return {"headers": found.x.labels, "rows": rows}


def _place(request: HttpRequest, sweep: Sweep, found: BinnedSurface) -> dict[str, Any]:
    asked = request.GET.get("at")
    if asked is None:
        return {}
    place = found.read_place(asked)
    where = f"{found.of.x} {found.x.labels[place[0]]} and {found.of.y} {found.y.labels[place[1]]}"
    trials = trials_at(sweep, found, place, most=_SHOWN)
    return {
        "place": _rows(sweep, trials),
        "place_title": f"The best sets with {where}, {_SHOWN} at most",
    }
