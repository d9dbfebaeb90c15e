"""Sweeps in the back office."""

import shlex
from statistics import median
from typing import Any, Final, override

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from common.admin import ReadOnlyAdmin
from common.domain.errors import PlatformError
from research.domain.sweep import Objective
from research.models import Sweep
from research.selectors.sweep_surfaces import Surface, read_surface
from research.selectors.sweeps import best_trials, list_sweeps

_SHOWN: Final = 20
_MOST_CELLS: Final = 2_500


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
            context["best"] = _best_table(sweep)
            context |= _heat_map(request, sweep)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _best_table(sweep: Sweep) -> dict[str, Any]:
    rows = [
        [trial.number, f"{trial.value:.4g}", _params(trial.params)]
        for trial in best_trials(sweep, count=_SHOWN)
    ]
    return {"headers": ["set", sweep.objective, "parameters of run_backtest"], "rows": rows}


def _params(params: dict[str, Any]) -> str:
    words = [f"--param={name}={str(value).lower()}" for name, value in params.items()]
    return shlex.join(words)


def _heat_map(request: HttpRequest, sweep: Sweep) -> dict[str, Any]:
    names = [*sweep.grid]
    if len(names) < 2:  # A single parameter has no surface.
        return {}
    x, y = request.GET.get("x", names[0]), request.GET.get("y", names[1])
    try:
        found = read_surface(sweep, x=x, y=y, metric=sweep.objective)
    except PlatformError as error:
        messages.error(request, error.detail)
        return {}
    if len(found.x_values) * len(found.y_values) > _MOST_CELLS:
        return {"heat_note": f"More than {_MOST_CELLS:,} places: the API has the whole surface."}
    title = f"{sweep.objective} by {x} (across) and {y} (down), median of the sets at a place"
    return {"heat": _cells(found), "heat_title": title}


def _cells(found: Surface) -> dict[str, Any]:
    sign = Objective(found.metric).sign
    medians = {place: median(values) for place, values in found.cells.items()}
    low, high = min(medians.values(), default=0.0), max(medians.values(), default=0.0)

    def cell(place: tuple[int, int]) -> tuple[str, str]:
        if place not in medians:
            return "missing", "transparent"
        of_range = (medians[place] - low) / (high - low) if high > low else 0.5
        lean = sign * (2 * of_range - 1)
        colour = "37, 99, 235" if lean > 0 else "234, 88, 12"  # Blue is better, orange worse.
        return f"{medians[place]:.3g}", f"rgba({colour}, {0.6 * abs(lean):.2f})"

    rows = [
        (value, [cell((column, row)) for column in range(len(found.x_values))])
        for row, value in enumerate(found.y_values)
    ]
    return {"headers": found.x_values, "rows": rows}
