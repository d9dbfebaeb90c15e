"""Forms that ask for a comparison, a verdict or an examination."""

from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.urls import reverse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from common.admin_starts import Started, StartForm
from common.domain.time import from_ns
from research.admin_forms import (
    WHOLE_GRID,
    RunForm,
    SweepForm,
    choice,
    count,
    fill_choices,
    lines,
    read_pairs,
    switch,
    write_pairs,
)
from research.domain.examination_question import ExaminationQuestion
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.sweep import SweepQuestion
from research.domain.validation_question import ValidationQuestion
from research.engines.registry import ENGINES
from research.examination.registry import list_tools
from research.examination.tool import Subject
from research.models import Job
from research.services.comparisons import ComparisonQuestion

# Who may put comparisons, verdicts and examinations into the queue.
ADD_JOB: Final = "research.add_job"
_BPS: Final = 10_000
_BYTES_PER_MB: Final = 1_000_000


def waiting(job: Job) -> Started:
    """Return what is said of a job that was put into the queue, and its page."""
    page = reverse("admin:research_job_change", args=[job.pk])
    return Started(said=f"{job} waits for a worker", page=page)


class ComparisonForm(RunForm):
    """A question for several engines."""

    field_order = ("key", "strategy", "engines", "series")

    engine = None  # type: ignore[assignment]  # one question, put to several
    engines = forms.MultipleChoiceField(
        label="Engines",
        required=False,
        choices=[(name, name) for name in ENGINES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Without any, every installed one that can run it",
    )
    ladder = switch("Climb the fidelity ladder too")

    def comparison_question(self) -> ComparisonQuestion:
        """Return the question of a valid form.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.cleaned_data
        return ComparisonQuestion(
            question=self.question(), engines=tuple(fields["engines"]), ladder=fields["ladder"]
        )


class ValidationForm(SweepForm):
    """A strategy to judge, and the sets that it is chosen from."""

    further: ClassVar[tuple[str, ...]] = (*SweepForm.further, "parity_bars")
    field_order: tuple[str, ...] = (
        *SweepForm.field_order, "choice", "prior_trials", "windows", "purge_days", "embargo_days",
    )  # fmt: skip

    choice = lines(
        "The set to judge", "One name=value a line; empty for the best by daily Sharpe ratio"
    )
    prior_trials = count(
        "Trials made elsewhere", initial=0, help_text="They count like those of the ledger"
    )
    windows = count("Windows of the walk-forward", initial=6, least=1)
    purge_days = count(
        "Purged days", initial=5, help_text="Between what is chosen on and what is tested"
    )
    embargo_days = count("Embargoed days", initial=5, help_text="Left out beside these")
    parity_bars = count(
        "Bars on a second engine", initial=2_000, least=1, help_text="The last of the period"
    )

    def validation_question(self) -> ValidationQuestion:
        """Return the question of a valid form.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.cleaned_data
        return ValidationQuestion(
            sweep=self.sweep_question(),
            prior_trials=fields["prior_trials"],
            n_windows=fields["windows"],
            purge_days=fields["purge_days"],
            embargo_days=fields["embargo_days"],
            parity_bars=fields["parity_bars"],
            choice=read_pairs(fields["choice"]),
        )


class ExaminationForm(StartForm):
    """One tool for a run or a sweep."""

    tool = choice("Tool")
    options = lines(
        "Options", "One name=value a line, as listed below; the others keep their defaults"
    )
    seed = count("Seed", initial=0)

    def __init__(self, *args: Any, subject: Subject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tools = [tool for tool in list_tools() if tool.subject is subject]
        fill_choices(self, "tool", [(tool.key, tool.title) for tool in tools])

    def examination_question(self) -> ExaminationQuestion:
        """Return the question of a valid form.

        Raises
        ------
        InvalidArgument
            If the seed is out of range, or a line is not name=value.
        """
        fields = self.cleaned_data
        return ExaminationQuestion(
            tool=fields["tool"], options=read_pairs(fields["options"]), seed=fields["seed"]
        )


def written_sweep(asked: SweepQuestion, *, series_id: int | None) -> dict[str, Any]:
    """Return what a form shows that asks a sweep's question again.

    Parameters
    ----------
    asked
        Its sets must be a grid's.
    series_id
        Where its bars are.
    """
    search = asked.search
    axes = asked.grid.axes if isinstance(asked.grid, Grid) else ()
    return _written_run(asked.question) | {
        "series": series_id,
        "grid": "\n".join(axis.written for axis in axes),
        "how": WHOLE_GRID if search is None else search.method,
        "n_trials": None if search is None else search.n_trials,
        "pruning": search is not None and search.pruning,
        "objectives": ", ".join(objective.metric for objective in asked.objectives),
        "min_round_trips": asked.min_round_trips,
        "memory_mb": max(1, asked.budget_bytes // _BYTES_PER_MB),
    }


def _written_run(asked: RunQuestion) -> dict[str, Any]:
    costs = asked.costs
    maker = None if costs.maker_fee_rate == costs.fee_rate else costs.maker_fee_rate
    return {
        "strategy": asked.strategy_key,
        "engine": asked.engine,
        "params": write_pairs(asked.params),
        "start": None if asked.start_ns is None else from_ns(asked.start_ns),
        "end": None if asked.end_ns is None else from_ns(asked.end_ns),
        "cash": _plain(_exact(asked.cash)),
        "fee_rate": _plain(_exact(costs.fee_rate)),
        "maker_fee_rate": None if maker is None else _plain(_exact(maker)),
        "slippage_bps": _plain(_exact(costs.slippage) * _BPS),
        "sizing": str(asked.sizing),
        "account": asked.account.value,
        "rebalance": asked.rebalance.value,
        "settings": asked.settings.changed(),
        "seed": asked.seed,
        "funding": costs.funding,
        "allow_dirty": asked.allow_dirty,
        "experiment": asked.experiment,
    }


def _exact(number: float) -> Decimal:
    # As it is written: products of floats are not always what they are read as again.
    return Decimal(repr(number))


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
