"""Validations in the back office."""

from typing import Any, Final, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from common.admin_starts import Start, Started, start_once
from research.admin_job_forms import ADD_JOB, ValidationForm, waiting, written_sweep
from research.admin_promotions import PromotePages
from research.models import Sweep, Validation
from research.selectors.command_lines import run_command
from research.selectors.validation_charts import validation_charts
from research.selectors.validation_tables import (
    gate_rows,
    stability_sentence,
    window_table,
    written_params,
)
from research.selectors.validations import list_validations
from research.services import job_queue
from research.services.sweep_rows import question_of

# What it was found from: the field, the model it names, and what that is.
_EVIDENCE: Final = (
    ("sweep", "sweep", "The sets that it was chosen from"),
    ("run", "run", "The chosen set over the period"),
    ("doubled_run", "run", "The chosen set at doubled costs"),
    ("neighbours", "sweep", "The sets around the chosen one"),
    ("comparison", "comparison", "The chosen set on two engines"),
)


@admin.register(Validation)
class ValidationAdmin(PromotePages):
    """Verdicts: every gate, what it was found from, and four charts."""

    list_display = [
        "id",
        "verdict_label",
        "strategy",
        "instrument",
        "timeframe",
        "trials",
        "chosen",
        "created_at",
    ]
    list_filter = ["passed", "strategy_version__strategy"]
    search_fields = ["=id", "experiment__name", "strategy_version__strategy__key"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    actions_list = ["start_validation"]
    change_form_before_template = "research/admin/validation.html"
    fields = [
        "experiment",
        "strategy_version",
        "dataset",
        "question",
        "provenance",
        "code_hash",
        "created_by",
        "created_at",
    ]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the validations what they name; what charts need is for one page alone."""
        return list_validations().select_related("created_by").defer("figures", "gates")

    @display(description="verdict", label={"PASS": "success", "FAIL": "danger"})
    def verdict_label(self, validation: Validation) -> str:
        """Return whether all gates passed, coloured."""
        return validation.verdict

    @admin.display(description="strategy")
    def strategy(self, validation: Validation) -> str:
        """Return the key."""
        return validation.strategy_version.strategy.key

    @admin.display(description="instrument")
    def instrument(self, validation: Validation) -> str:
        """Return what it ran on."""
        return str(validation.dataset.series.instrument)

    @admin.display(description="timeframe")
    def timeframe(self, validation: Validation) -> str:
        """Return the timeframe of the bars."""
        return validation.dataset.series.timeframe

    @admin.display(description="trials", ordering="n_trials")
    def trials(self, validation: Validation) -> str:
        """Return how many it was chosen from."""
        return f"{validation.n_trials:,}"

    @admin.display(description="chosen set")
    def chosen(self, validation: Validation) -> str:
        """Return the parameters."""
        return written_params(validation.params)

    def has_start_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Allow those who may add jobs."""
        return bool(request.user.has_perm(ADD_JOB))

    @action(
        description="Validate a strategy",
        url_path="start",
        permissions=["start"],
        variant=ActionVariant.PRIMARY,
    )
    def start_validation(self, request: HttpRequest) -> HttpResponse:
        """Ask what is to be judged, and put it into the queue."""
        form = ValidationForm(request.POST or None, initial=_asked_before(request))

        def make() -> Started:
            asked = form.validation_question()
            return waiting(job_queue.enqueue_validation(asked=asked, user_id=request.user.pk))

        start = Start(title="Validate a strategy", form=form, make=make)
        return start_once(self.admin_site, request, start)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the verdict on one page above the row."""
        validation = context.get("original")
        if isinstance(validation, Validation):
            context |= _facts(validation)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _asked_before(request: HttpRequest) -> dict[str, Any]:
    """Return what a sweep asked that the address names, to be asked again."""
    number = request.GET.get("sweep", "")
    if not number.isdecimal():
        return {}
    sweep = get_object_or_404(Sweep.objects.select_related("dataset"), pk=number)
    series = None if sweep.dataset is None else sweep.dataset.series_id
    return written_sweep(question_of(sweep), series_id=series)


def _facts(validation: Validation) -> dict[str, Any]:
    gates = gate_rows(validation.gates)
    params = validation.params
    headers, *windows = window_table(validation.figures)
    return {
        "validation": validation,
        "stretch": _stretch(validation),
        "gates": gates,
        "n_failed": sum(not gate.passed for gate in gates),
        "chosen": written_params(params),
        "command": None if params is None else run_command(validation.question, params),
        "evidence": _evidence(validation),
        "charts": validation_charts(validation),
        "windows": {"headers": headers, "rows": windows} if windows else None,
        "stability": stability_sentence(validation.figures),
    }


def _stretch(validation: Validation) -> str:
    dataset, elsewhere = validation.dataset, validation.question["prior_trials"]
    return (
        f"{dataset.series.instrument} {dataset.series.timeframe}, {dataset.rows:,} bars from"
        f" {dataset.start_at:%Y-%m-%d %H:%M} to {dataset.end_at:%Y-%m-%d %H:%M} UTC;"
        f" {validation.n_trials:,} trials counted, {elsewhere:,} of them made elsewhere."
    )


def _evidence(validation: Validation) -> list[tuple[str, str, str]]:
    """Return what it was found from: what it is, its name and its page, if there is one."""
    found = []
    for name, model, what in _EVIDENCE:
        number = getattr(validation, f"{name}_id")
        if number is None:
            found.append((what, "none: the gate says why", ""))
            continue
        page = reverse(f"admin:research_{model}_change", args=[number])
        found.append((what, f"{model} {number}", page))
    return found
