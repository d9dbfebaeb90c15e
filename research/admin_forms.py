"""Forms that ask for a run or a sweep; `common.admin_starts` shows them."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, cast

from django import forms
from django.conf import settings as site_settings
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from common.admin_starts import StartForm
from common.domain.costs import AccountType, Rebalance
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument
from exchanges.models import Series
from research.domain.asking import question_from_fields
from research.domain.grid import Grid
from research.domain.question import LONGEST_EXPERIMENT, RunQuestion
from research.domain.search import Search
from research.domain.sweep import Objective, SweepQuestion
from research.engines.registry import ENGINES
from research.search.methods import METHODS
from trading.models import StrategyVersion

WHOLE_GRID: Final = "grid"
_DEFAULTS: Final = ("cash", "fee_rate", "slippage_bps")
_LONGEST_LINES: Final = 10_000
# Each value is looked at while the person waits.
_MOST_VALUES: Final = 10_000
_BYTES_PER_MB: Final = 1_000_000


def choice(label: str, help_text: str = "") -> forms.ChoiceField:
    """Return a field with a list to choose from, which the form fills."""
    return forms.ChoiceField(label=label, help_text=help_text, widget=UnfoldAdminSelectWidget)


def text(label: str, *, initial: str = "", required: bool = True, **options: Any) -> Any:
    """Return a field of one line."""
    return forms.CharField(
        label=label,
        initial=initial,
        required=required,
        widget=UnfoldAdminTextInputWidget,
        **options,
    )


def lines(label: str, help_text: str, *, required: bool = False) -> Any:
    """Return a field of several lines."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=_LONGEST_LINES,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


def count(label: str, *, initial: int | None = None, least: int = 0, **options: Any) -> Any:
    """Return a field of a whole number."""
    return forms.IntegerField(
        label=label,
        initial=initial,
        min_value=least,
        widget=UnfoldAdminTextInputWidget,
        **options,
    )


def switch(label: str, *, initial: bool = False, help_text: str = "") -> forms.BooleanField:
    """Return a field of a truth value."""
    return forms.BooleanField(
        label=label,
        initial=initial,
        required=False,
        help_text=help_text,
        widget=UnfoldBooleanSwitchWidget,
    )


def read_pairs(written: str) -> dict[str, str]:
    """Return the values of lines of `name=value`.

    Raises
    ------
    InvalidArgument
        If a line is none, or names what another has named.
    """
    values: dict[str, str] = {}
    for line in filter(None, map(str.strip, written.splitlines())):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (name and equals and value):
            raise InvalidArgument(f"the line {line!r} is not name=value")
        if name in values:
            raise InvalidArgument(f"{name} is named twice")
        values[name] = value
    return values


def write_pairs(values: Mapping[str, Any]) -> str:
    """Return the lines that `read_pairs` reads."""
    return "\n".join(
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in values.items()
    )


def fill_choices(form: forms.Form, name: str, entries: Iterable[tuple[Any, str]]) -> None:
    """Offer these values and their labels in a field that the form has."""
    if name in form.fields:
        cast("forms.ChoiceField", form.fields[name]).choices = list(entries)


class RunForm(StartForm):
    """A question for the queue."""

    further: ClassVar[tuple[str, ...]] = (
        "maker_fee_rate", "rebalance", "settings", "seed", "funding", "allow_dirty",
    )  # fmt: skip

    strategy = choice("Strategy")
    engine = choice("Engine")
    series = choice("Series")
    params = lines("Parameters", "One name=value a line; the others keep their defaults")
    start = forms.SplitDateTimeField(
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="UTC; without it, from the first stored bar",
    )
    end = forms.SplitDateTimeField(
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="UTC, and not part of the period; without it, to the last stored bar",
    )
    cash = forms.FloatField(widget=UnfoldAdminTextInputWidget)
    fee_rate = forms.FloatField(widget=UnfoldAdminTextInputWidget, help_text="A fraction")
    maker_fee_rate = forms.FloatField(
        required=False, widget=UnfoldAdminTextInputWidget, help_text="Like the fee rate if empty"
    )
    slippage_bps = forms.FloatField(widget=UnfoldAdminTextInputWidget)
    sizing = text(
        "Sizing", initial="equity_fraction", help_text="Or fixed_notional=N, fixed_quantity=Q"
    )
    account = forms.ChoiceField(
        choices=[(kind.value, kind.value) for kind in AccountType], widget=UnfoldAdminSelectWidget
    )
    rebalance = forms.ChoiceField(
        choices=[(kind.value, kind.value) for kind in Rebalance],
        initial=Rebalance.ON_CHANGE.value,
        widget=UnfoldAdminSelectWidget,
    )
    settings = forms.JSONField(
        label="Settings of the engine",
        initial=dict,
        required=False,
        help_text='What only some engines know, as JSON, such as {"order_latency_ns": 1000000}',
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    seed = count("Seed", initial=0)
    funding = switch("Funding", initial=True, help_text="Perpetuals only")
    allow_dirty = switch("Allow errors in the bars")
    experiment = text("Experiment", required=False, max_length=LONGEST_EXPERIMENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _DEFAULTS:
            self.fields[name].initial = getattr(site_settings.PLATFORM.backtest, name)
        present = StrategyVersion.objects.filter(is_present=True, contract="targets")
        keys = present.order_by("strategy__key").values_list("strategy__key", flat=True)
        bars = Series.objects.select_related("instrument__venue").filter(kind=SeriesKind.BARS)
        fill_choices(self, "strategy", [(key, key) for key in keys.distinct()])
        fill_choices(self, "engine", [(name, name) for name in ENGINES])
        fill_choices(self, "series", [(row.pk, str(row)) for row in bars.order_by("pk")])

    def clean_settings(self) -> dict[str, Any]:
        """Return the settings, {} where nothing was written.

        Raises
        ------
        ValidationError
            If they are JSON, but no object.
        """
        found = self.cleaned_data["settings"] or {}
        if not isinstance(found, dict):
            raise forms.ValidationError("Names with values are needed, in { }.")
        return found

    def question(self) -> RunQuestion:
        """Return the question of a valid form.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.cleaned_data
        series = Series.objects.select_related("instrument__venue").get(pk=fields["series"])
        return question_from_fields({
            "engine": "",
            **fields,
            "venue": series.instrument.venue.code,
            "instrument": series.instrument.symbol,
            "timeframe": series.timeframe,
            "params": read_pairs(fields["params"]),
        })


class SweepForm(RunForm):
    """A question with the sets of parameters that it is put to."""

    further: ClassVar[tuple[str, ...]] = (*RunForm.further, "memory_mb")
    field_order: tuple[str, ...] = (
        "key", "strategy", "engine", "series", "grid", "how", "n_trials", "pruning",
        "objectives", "min_round_trips", "params",
    )  # fmt: skip

    grid = lines(
        "Grid",
        "One parameter a line: name=first:last:step with both ends, or name=a,b,c",
        required=True,
    )
    how = choice("How")
    n_trials = count("Trials", least=1, required=False, help_text="Of a search: sets to try")
    pruning = switch("Give bad sets up early", help_text="Of a search: after a part of the bars")
    objectives = text(
        "Objectives",
        initial="sharpe",
        help_text="Metrics that rank, the first one first, separated by commas;"
        " several only in a search",
    )
    min_round_trips = count(
        "Least round trips", initial=10, help_text="A set with fewer is never ranked"
    )
    memory_mb = count("Memory of one chunk, in MB", initial=500, least=1, max_value=100_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        methods = ((name, f"{name}: {method.summary}") for name, method in METHODS.items())
        fill_choices(self, "how", [(WHOLE_GRID, "Try the whole grid"), *methods])

    def clean(self) -> dict[str, Any]:
        """Refuse a search without a number of trials, and a grid with one."""
        fields = super().clean() or self.cleaned_data
        is_search = fields.get("how", WHOLE_GRID) != WHOLE_GRID
        n_trials = fields.get("n_trials")
        if is_search and n_trials is None and "n_trials" not in self.errors:
            self.add_error("n_trials", "A search needs a number of sets to try.")
        if not is_search and n_trials is not None:
            self.add_error("n_trials", "The whole grid is tried: leave this empty.")
        if not is_search and fields.get("pruning"):
            self.add_error("pruning", "Only a search gives sets up.")
        return fields

    def sweep_question(self) -> SweepQuestion:
        """Return the question of a valid form, with its sets.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.cleaned_data
        axes = ["".join(line.split()) for line in fields["grid"].splitlines()]
        grid = Grid.parse([*filter(None, axes)])
        largest = max(grid.axes, key=lambda axis: len(axis.values))
        if len(largest.values) > _MOST_VALUES:
            raise InvalidArgument(
                f"{largest.name} has {len(largest.values)} values, at most {_MOST_VALUES}"
            )
        names = [name.strip() for name in fields["objectives"].split(",")]
        objective, *further = map(Objective, names)
        return SweepQuestion(
            question=self.question(),
            grid=grid,
            search=self._search(),
            objective=objective,
            further=tuple(further),
            min_round_trips=fields["min_round_trips"],
            budget_bytes=fields["memory_mb"] * _BYTES_PER_MB,
        )

    def _search(self) -> Search | None:
        fields = self.cleaned_data
        if fields["how"] == WHOLE_GRID:
            return None
        return Search(method=fields["how"], n_trials=fields["n_trials"], pruning=fields["pruning"])
