"""Experiments, datasets and runs in the back office."""

import json
from typing import Any, override

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import display

from common.admin import ReadOnlyAdmin
from common.domain.enums import RunStatus
from research.exceptions import ArtefactDamaged
from research.models import Dataset, Experiment, Run
from research.selectors.charts import equity_chart
from research.selectors.metrics import METRICS, format_metric
from research.selectors.runs import count_trials_like, list_fills

_STATUS_LABELS = {
    RunStatus.SUCCEEDED.value: "success",
    RunStatus.FAILED.value: "danger",
    RunStatus.REFUSED.value: "warning",
    RunStatus.RUNNING.value: "info",
}
_SHOWN_FILLS = 100


@admin.register(Experiment)
class ExperimentAdmin(ModelAdmin):
    """Questions; what was learned can be written down."""

    list_display = ["name", "run_count", "created_by", "created_at"]
    list_select_related = ["created_by"]
    search_fields = ["name", "question"]
    fields = ["name", "question", "conclusion", "created_by", "created_at", "updated_at"]
    readonly_fields = ["created_by", "created_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the runs in the same query."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(_runs=Count("runs"))
        return rows

    @admin.display(description="runs", ordering="_runs")
    def run_count(self, experiment: Any) -> int:
        """Return how many runs it has."""
        count: int = experiment._runs  # noqa: SLF001 - annotated above
        return count

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Note who asked."""
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    """Stretches of series as runs used them."""

    list_display = ["series", "rows", "start_at", "end_at", "hash"]
    search_fields = ["hash", "series__instrument__symbol"]
    list_select_related = ["series__instrument__venue"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Runs with their facts."""

    list_display = [
        "id",
        "status_label",
        "strategy",
        "engine",
        "instrument",
        "net_return",
        "sharpe",
        "drawdown",
        "created_at",
    ]
    list_filter = ["status", "engine", "strategy_version__strategy", "experiment"]
    list_select_related = [
        "strategy_version__strategy",
        "dataset__series__instrument__venue",
        "experiment",
    ]
    search_fields = ["id", "experiment__name", "strategy_version__strategy__key"]
    ordering = ["-id"]
    change_form_before_template = "research/admin/run.html"

    @display(description="status", label=_STATUS_LABELS)
    def status_label(self, run: Run) -> str:
        """Return the status, coloured."""
        return run.status

    @admin.display(description="strategy")
    def strategy(self, run: Run) -> str:
        """Return key and parameters."""
        params = " ".join(f"{name}={value}" for name, value in run.params.items())
        return f"{run.strategy_version.strategy.key} {params}"

    @admin.display(description="instrument")
    def instrument(self, run: Run) -> str:
        """Return what it ran on."""
        return str(run.dataset.series)

    @admin.display(description="net return")
    def net_return(self, run: Run) -> str:
        """Return the total return."""
        return format_metric(run.metrics.get("total_return"), "percent")

    @admin.display(description="Sharpe")
    def sharpe(self, run: Run) -> str:
        """Return the Sharpe ratio."""
        return format_metric(run.metrics.get("sharpe"), "number")

    @admin.display(description="drawdown")
    def drawdown(self, run: Run) -> str:
        """Return the maximum drawdown."""
        return format_metric(run.metrics.get("max_drawdown"), "percent")

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show metrics, equity and fills above the row."""
        run = self.get_object(request, object_id)
        facts = self._facts(request, run) if isinstance(run, Run) else {}
        context = {**(extra_context or {}), **facts}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def _facts(self, request: HttpRequest, run: Run) -> dict[str, Any]:
        try:
            chart, fills = equity_chart(run), list_fills(run)
        except ArtefactDamaged as error:
            messages.error(request, error.detail)
            chart, fills = None, []
        names = ("ts", "side", "price", "quantity", "fee")
        return {
            "run": run,
            "trials": count_trials_like(run),
            "metrics": [
                (label, format_metric(run.metrics[name], form), run.undefined.get(name, ""))
                for name, label, form in METRICS
                if name in run.metrics
            ],
            "equity_chart": json.dumps(chart) if chart else "",
            "fills": {
                "headers": names,
                "rows": [[fill[name] for name in names] for fill in fills[-_SHOWN_FILLS:]],
            },
            "fill_count": len(fills),
        }
