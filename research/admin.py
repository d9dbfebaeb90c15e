"""Experiments, datasets and runs in the back office."""

import json
from typing import Any, Final, override

from django.contrib import admin, messages
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

import research.admin_comparisons  # noqa: F401 - registers its page
import research.admin_examinations  # noqa: F401 - registers its page
import research.admin_jobs  # noqa: F401 - registers its page
import research.admin_sweeps  # noqa: F401 - registers its page
import research.admin_validations  # noqa: F401 - registers its page
from common.admin import ReadOnlyAdmin, exact
from common.domain.enums import RunStatus
from research.admin_examined import examination_table
from research.admin_runs import RunPages
from research.exceptions import ArtefactDamaged
from research.models import FINAL_STATES, Artefact, Dataset, Experiment, Run
from research.selectors.charts import equity_chart
from research.selectors.metrics import METRICS, format_metric
from research.selectors.runs import count_trials_like, list_experiments, list_runs
from research.selectors.tables import latest_fills

_STATUS_LABELS: Final = {
    RunStatus.SUCCEEDED.value: "success",
    RunStatus.FAILED.value: "danger",
    RunStatus.REFUSED.value: "warning",
    RunStatus.RUNNING.value: "info",
}
_SHOWN_FILLS: Final = 100
_COSTS: Final = tuple(map(exact, ("cash", "fee_rate", "maker_fee_rate", "slippage")))


@admin.register(Experiment)
class ExperimentAdmin(ModelAdmin):
    """Questions; what was learned can be written down."""

    actions = None
    list_display = ["name", "run_count", "created_by", "created_at"]
    search_fields = ["name", "question"]
    readonly_fields = ["created_by", "created_at", "updated_at"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the runs in the same query."""
        return list_experiments()

    @override
    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return what can be written, and of a question that was asked, by whom and when."""
        written = ["name", "question", "conclusion"]
        return [*written, *self.readonly_fields] if obj else written

    @admin.display(description="runs", ordering="run_count")
    def run_count(self, experiment: Any) -> int:
        """Return how many runs it has."""
        count: int = experiment.run_count
        return count

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse where there are runs: they stay, and so does what they answered."""
        if obj is not None and obj.run_count:
            return False
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Note who asked."""
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    """Stretches of series as runs used them."""

    list_display = ["series", "rows", "start_at", "end_at", "short_hash"]
    search_fields = ["hash", "series__instrument__symbol"]
    list_select_related = ["series__instrument__venue"]

    @admin.display(description="hash")
    def short_hash(self, dataset: Dataset) -> str:
        """Return enough of the hash to tell datasets apart."""
        return dataset.hash[:12]


class ArtefactInline(TabularInline):
    """The files a run left."""

    model = Artefact
    fields = ["kind", "rows", "size_bytes", "sha256", "path"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False


@admin.register(Run)
class RunAdmin(RunPages):
    """Runs with their facts."""

    list_display = [
        "id",
        "status_label",
        "done",
        "strategy",
        "engine",
        "instrument",
        "net_return",
        "sharpe",
        "drawdown",
        "created_at",
    ]
    list_filter = [
        "status",
        "engine",
        ("differs_from", admin.EmptyFieldListFilter),
        "strategy_version__strategy",
    ]
    search_fields = ["=id", "experiment__name", "strategy_version__strategy__key"]
    ordering = ["-id"]
    list_per_page = 50
    # One count less; that of all rows says nothing about those found.
    show_full_result_count = False
    inlines = [ArtefactInline]
    change_form_before_template = "research/admin/run.html"
    fieldsets = [
        (
            "Question",
            {
                "classes": ["tab"],
                "fields": [
                    "experiment",
                    "strategy_version",
                    "params",
                    "series",
                    "dataset",
                    "kind",
                    "engine",
                    "engine_version",
                    *_COSTS,
                    "funding",
                    "sizing",
                    "account",
                    "rebalance",
                    "seed",
                    "allow_dirty",
                    "instrument_sizes",
                    "warm_up_rows",
                    "created_by",
                ],
            },
        ),
        (
            "Outcome",
            {
                "classes": ["tab"],
                "fields": [
                    "status",
                    "error_code",
                    "error_detail",
                    "n_fills",
                    "skipped_orders",
                    "equity",
                    "open_round_trip",
                    "metrics",
                    "undefined",
                    "differs_from",
                    "progress",
                    "attempt",
                    "lease_until",
                    "cancel_requested_at",
                    "started_at",
                    "finished_at",
                    "timings",
                    "peak_memory",
                ],
            },
        ),
        (
            "Provenance",
            {
                "classes": ["tab"],
                "fields": [
                    "result_hash",
                    "input_hash",
                    "trial_hash",
                    "warm_up_hash",
                    "code_hash",
                    "provenance",
                    "owner",
                ],
            },
        ),
    ]
    readonly_fields = [*_COSTS, "peak_memory"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the runs what they name."""
        return list_runs()

    @display(description="status", label=_STATUS_LABELS)
    def status_label(self, run: Run) -> str:
        """Return the status, coloured."""
        return run.status

    @admin.display(description="done", ordering="progress")
    def done(self, run: Run) -> str:
        """Return how far it is."""
        return f"{run.progress:.0%}"

    @admin.display(description="strategy")
    def strategy(self, run: Run) -> str:
        """Return key and parameters."""
        params = " ".join(f"{name}={value}" for name, value in run.params.items())
        return f"{run.strategy_version.strategy.key} {params}"

    @admin.display(description="instrument")
    def instrument(self, run: Run) -> str:
        """Return what it ran on."""
        return str(run.series)

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

    @admin.display(description="peak memory")
    def peak_memory(self, run: Run) -> str:
        """Return the most memory it held, in MB of 10^6 bytes."""
        return "-" if run.peak_rss_bytes is None else f"{run.peak_rss_bytes / 1e6:,.0f} MB"

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show metrics, equity and fills above the row."""
        run = context.get("original")
        if isinstance(run, Run):
            prefetch_related_objects([run], "artefacts")
            context |= self._facts(request, run) | examination_table(request, run)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def _facts(self, request: HttpRequest, run: Run) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "run": run,
            "is_open": run.status not in FINAL_STATES,
            "trials": count_trials_like(run),
            "cards": [
                (label, format_metric(run.metrics[name], form), run.undefined.get(name, ""))
                for name, label, form in METRICS
                if name in run.metrics
            ],
        }
        try:
            chart = equity_chart(run)
            facts["equity_chart"] = json.dumps(chart) if chart else ""
            facts["fills"] = latest_fills(run, count=_SHOWN_FILLS)
            facts["fills_title"] = f"{run.n_fills} fills, the newest first" + (
                f", the last {_SHOWN_FILLS} of them" if (run.n_fills or 0) > _SHOWN_FILLS else ""
            )
        except ArtefactDamaged as error:
            messages.error(request, error.detail)
        return facts
