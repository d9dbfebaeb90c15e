"""Comparisons of engines in the back office."""

import json
from typing import Any, Final, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from common.admin import ReadOnlyAdmin
from common.admin_starts import Start, Started, start_once
from research.admin_job_forms import ADD_JOB, ComparisonForm, waiting
from research.domain.verdict import Verdict
from research.models import Comparison
from research.selectors.comparison_tables import (
    Table,
    cause_table,
    difference_table,
    engine_table,
    ladder_chart,
    ladder_table,
    pair_table,
    verdict_sentence,
)
from research.selectors.comparisons import list_comparisons
from research.services import job_queue

_VERDICT_LABELS: Final = {
    Verdict.EQUAL.value: "success",
    Verdict.DIFFERENT.value: "danger",
    Verdict.FAILED.value: "danger",
    Verdict.SINGLE.value: "info",
}
_SHOWN_DIFFERENCES: Final = 100


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    """Comparisons with what the engines differ by."""

    list_display = [
        "id",
        "verdict_label",
        "strategy",
        "instrument",
        "engines",
        "largest_difference",
        "created_at",
    ]
    list_filter = ["verdict", "strategy_version__strategy"]
    search_fields = ["=id", "experiment__name", "strategy_version__strategy__key"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    actions_list = ["start_comparison"]
    change_form_before_template = "research/admin/comparison.html"
    fields = ["verdict", "experiment", "strategy_version", "dataset", "created_by", "created_at"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the comparisons what they name."""
        return list_comparisons()

    @display(description="verdict", label=_VERDICT_LABELS)
    def verdict_label(self, comparison: Comparison) -> str:
        """Return the verdict, coloured."""
        return comparison.verdict

    @admin.display(description="strategy")
    def strategy(self, comparison: Comparison) -> str:
        """Return the key."""
        return comparison.strategy_version.strategy.key

    @admin.display(description="instrument")
    def instrument(self, comparison: Comparison) -> str:
        """Return what it ran on."""
        return str(comparison.dataset.series)

    @admin.display(description="engines")
    def engines(self, comparison: Comparison) -> str:
        """Return the engines that were compared."""
        rows = comparison.document["engines"]
        return ", ".join(name for name, row in rows.items() if row["final_equity"] is not None)

    @admin.display(description="final equity differs by")
    def largest_difference(self, comparison: Comparison) -> str:
        """Return the largest relative difference in final equity of a pair."""
        pairs = comparison.document["pairs"]
        if not pairs:
            return "-"
        return f"{max(pair['final_equity_rel_diff'] for pair in pairs):.2g}"

    def has_start_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Allow those who may add jobs."""
        return bool(request.user.has_perm(ADD_JOB))

    @action(
        description="Compare engines",
        url_path="start",
        permissions=["start"],
        variant=ActionVariant.PRIMARY,
    )
    def start_comparison(self, request: HttpRequest) -> HttpResponse:
        """Ask what is to be compared, and put it into the queue."""
        form = ComparisonForm(request.POST or None)

        def make() -> Started:
            asked = form.comparison_question()
            return waiting(job_queue.enqueue_comparison(asked=asked, user_id=request.user.pk))

        start = Start(title="Compare engines", form=form, make=make)
        return start_once(self.admin_site, request, start)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show engines, pairs, causes, differences and the ladder above the row."""
        comparison = context.get("original")
        if isinstance(comparison, Comparison):
            context["sentence"] = verdict_sentence(comparison.verdict)
            context |= _facts(comparison.document)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _facts(document: dict[str, Any]) -> dict[str, Any]:
    chart = ladder_chart(document)
    table = difference_table(document, most=len(document["differences"]))
    count = len(table) - 1
    return {
        "tables": [
            (title, _shown(each))
            for title, each in (
                ("Engines", engine_table(document)),
                ("Pairs", pair_table(document)),
                ("Differences by cause, in money", cause_table(document)),
            )
            if len(each) > 1
        ],
        "ladder": _shown(ladder_table(document)) if "ladder" in document else None,
        "ladder_chart": json.dumps(chart) if chart else "",
        "differences": _shown(table[: _SHOWN_DIFFERENCES + 1]),
        "differences_title": f"{count} differences"
        + (f", the {_SHOWN_DIFFERENCES} dearest of them" if count > _SHOWN_DIFFERENCES else ""),
    }


def _shown(table: Table) -> dict[str, Any]:
    """Return a table for the page, with links to the runs it names."""
    headers, *rows = table
    number = headers.index("run") if "run" in headers else None
    return {
        "headers": headers,
        "rows": [
            [
                _run_link(cell) if at == number and cell != "-" else cell
                for at, cell in enumerate(row)
            ]
            for row in rows
        ],
    }


def _run_link(number: str) -> str:
    address = reverse("admin:research_run_change", args=[number])
    return format_html('<a class="text-link" href="{}">{}</a>', address, number)
