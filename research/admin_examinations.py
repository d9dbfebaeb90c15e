"""Examinations in the back office."""

from typing import Any, Final, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.decorators import display

from common.admin import ReadOnlyAdmin
from research.admin_examined import verdict_of
from research.examination.registry import TOOLS, get_tool
from research.models import Examination
from research.selectors.examination_charts import drawn_figures, value_table
from research.selectors.examinations import list_examinations, tool_title

_LABELS: Final = {"pass": "success", "fail": "danger", "described": "info"}
_LONGEST: Final = 120


@admin.register(Examination)
class ExaminationAdmin(ReadOnlyAdmin):
    """What single tools found about runs and sweeps."""

    list_display = ["id", "tool_name", "verdict", "subject", "strategy", "found", "created_at"]
    list_filter = ["tool", "passed"]
    search_fields = ["=id", "=run__id", "=sweep__id", "tool"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    change_form_before_template = "research/admin/examination.html"
    fields = [
        "run",
        "sweep",
        "tool",
        "options",
        "seed",
        "passed",
        "seconds",
        "provenance",
        "code_hash",
        "created_by",
        "created_at",
    ]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the examinations what they name; what charts need is for one page alone."""
        return list_examinations().select_related("created_by").defer("figures", "values")

    @admin.display(description="tool", ordering="tool")
    def tool_name(self, examination: Examination) -> str:
        """Return the tool's name for people."""
        return tool_title(examination.tool)

    @display(description="verdict", label=_LABELS)
    def verdict(self, examination: Examination) -> str:
        """Return whether it passed, coloured."""
        return verdict_of(examination)

    @admin.display(description="of")
    def subject(self, examination: Examination) -> str:
        """Return what was examined, with a link."""
        examined = examination.run or examination.sweep
        name = "run" if examination.run_id else "sweep"
        address = reverse(f"admin:research_{name}_change", args=[examined.pk]) if examined else ""
        return format_html('<a class="text-link" href="{}">{}</a>', address, examined)

    @admin.display(description="strategy")
    def strategy(self, examination: Examination) -> str:
        """Return the key."""
        examined = examination.run or examination.sweep
        return examined.strategy_version.strategy.key if examined else ""

    @admin.display(description="what was found")
    def found(self, examination: Examination) -> str:
        """Return how its sentence begins."""
        return Truncator(examination.sentence).chars(_LONGEST)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the sentence, the values and the charts above the row."""
        examination = context.get("original")
        if isinstance(examination, Examination):
            key = examination.tool
            context |= {
                "title": tool_title(key),
                "question": get_tool(key).question if key in TOOLS else "",
                "found": value_table(examination),
                "figures": drawn_figures(examination),
            }
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page
