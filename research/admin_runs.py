"""Starting, watching and ending runs in the back office; `research.admin` shows them."""

import uuid
from typing import Any, Final, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import parse_etags
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from common.admin import ReadOnlyAdmin
from common.domain.clock import SystemClock
from common.domain.costs import AccountType
from common.domain.enums import SeriesKind
from common.domain.errors import PlatformError
from common.idempotency import Scope, StoredAnswer, find_record, keep_answer
from common.locks import try_lock
from exchanges.models import Series
from research.domain.asking import question_from_fields
from research.domain.question import LONGEST_EXPERIMENT, RunQuestion
from research.engines.registry import ENGINES
from research.models import FINAL_STATES, Run
from research.selectors.runs import get_run
from research.services import queue
from trading.models import StrategyVersion

_PERMISSION: Final = "research.add_run"


def _choice(label: str, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, help_text=help_text, widget=UnfoldAdminSelectWidget)


def _text(label: str, *, initial: str = "", required: bool = True, **options: Any) -> Any:
    return forms.CharField(
        label=label,
        initial=initial,
        required=required,
        widget=UnfoldAdminTextInputWidget,
        **options,
    )


class RunForm(forms.Form):
    """A question for the queue."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    strategy = _choice("Strategy")
    engine = _choice("Engine")
    series = _choice("Series")
    params = forms.CharField(
        label="Parameters",
        required=False,
        max_length=2_000,
        help_text="One name=value a line; the others keep their defaults",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    start = forms.SplitDateTimeField(required=False, widget=UnfoldAdminSplitDateTimeWidget)
    end = forms.SplitDateTimeField(required=False, widget=UnfoldAdminSplitDateTimeWidget)
    cash = forms.FloatField(widget=UnfoldAdminTextInputWidget)
    fee_rate = forms.FloatField(widget=UnfoldAdminTextInputWidget, help_text="A fraction")
    slippage_bps = forms.FloatField(widget=UnfoldAdminTextInputWidget)
    sizing = _text(
        "Sizing", initial="equity_fraction", help_text="Or fixed_notional=N, fixed_quantity=Q"
    )
    account = forms.ChoiceField(
        choices=[(kind.value, kind.value) for kind in AccountType], widget=UnfoldAdminSelectWidget
    )
    seed = forms.IntegerField(initial=0, min_value=0, widget=UnfoldAdminTextInputWidget)
    funding = forms.BooleanField(
        initial=True, required=False, widget=UnfoldBooleanSwitchWidget, help_text="Perpetuals only"
    )
    allow_dirty = forms.BooleanField(
        label="Allow errors in the bars", required=False, widget=UnfoldBooleanSwitchWidget
    )
    experiment = _text("Experiment", required=False, max_length=LONGEST_EXPERIMENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = StrategyVersion.objects.filter(is_present=True, contract="targets")
        keys = present.order_by("strategy__key").values_list("strategy__key", flat=True)
        bars = Series.objects.select_related("instrument__venue").filter(kind=SeriesKind.BARS)
        choices: dict[str, list[tuple[Any, str]]] = {
            "strategy": [(key, key) for key in keys.distinct()],
            "engine": [(name, name) for name in ENGINES],
            "series": [(row.pk, str(row)) for row in bars.order_by("pk")],
        }
        for name, entries in choices.items():
            cast("forms.ChoiceField", self.fields[name]).choices = entries

    def question(self) -> RunQuestion:
        """Return the question of a valid form.

        Raises
        ------
        InvalidArgument
            If a value is malformed or out of range.
        """
        fields = self.cleaned_data
        series = Series.objects.select_related("instrument__venue").get(pk=fields["series"])
        lines = [line.partition("=") for line in fields["params"].splitlines() if line.strip()]
        return question_from_fields({
            **fields,
            "venue": series.instrument.venue.code,
            "instrument": series.instrument.symbol,
            "timeframe": series.timeframe,
            "params": {name.strip(): value.strip() for name, _, value in lines},
            "maker_fee_rate": None,
            "rebalance": "on_change",
            "settings": None,
        })


class RunPages(ReadOnlyAdmin):
    """The pages beside those that show runs."""

    actions_list = ["start_run"]
    actions_detail = ["cancel_run"]

    def has_start_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Allow those who may add runs."""
        return bool(request.user.has_perm(_PERMISSION))

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add runs, of runs that have not ended."""
        open_runs = Run.objects.exclude(status__in=FINAL_STATES)
        return (
            self.has_start_permission(request)
            and object_id is not None
            and open_runs.filter(pk=object_id).exists()
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the page's own piece that shows progress."""
        watch = self.admin_site.admin_view(self.watch, cacheable=True)
        own = path("<int:object_id>/progress/", watch, name="research_run_progress")
        return [own, *super().get_urls()]

    @action(
        description="Start a run",
        url_path="start",
        permissions=["start"],
        variant=ActionVariant.PRIMARY,
    )
    def start_run(self, request: HttpRequest) -> HttpResponse:
        """Ask what is to be run, and put it into the queue."""
        defaults = settings.PLATFORM.backtest
        initial = {name: getattr(defaults, name) for name in ("cash", "fee_rate", "slippage_bps")}
        form = RunForm(request.POST or None, initial={**initial, "key": uuid.uuid4().hex})
        if request.method == "POST" and form.is_valid():
            try:
                return _start_once(request, form)
            except PlatformError as error:
                form.add_error(None, error.detail)
        context = {**self.admin_site.each_context(request), "title": "Start a run", "form": form}
        return TemplateResponse(request, "research/admin/start_run.html", context)

    @action(
        description="Cancel",
        url_path="cancel",
        permissions=["cancel"],
        variant=ActionVariant.DANGER,
    )
    def cancel_run(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and end the run."""
        run = get_run(object_id)
        page = reverse("admin:research_run_change", args=[run.pk])
        if request.method == "POST":
            try:
                ended = queue.cancel(run_id=run.pk, at=SystemClock().now())
            except PlatformError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{ended}: {_said(ended)}")
            return redirect(page)
        context = {**self.admin_site.each_context(request), "title": f"Cancel {run}"}
        context |= {"run": run, "back": page}
        return TemplateResponse(request, "research/admin/cancel_run.html", context)

    def watch(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Return how far a run is; nothing where the page has it already."""
        run = get_run(object_id)
        if not self.has_view_permission(request, run):
            return HttpResponse(status=403)
        etag = f'"{run.pk}-{run.status}-{run.attempt}-{run.progress:.4f}-{_is_asked(run)}"'
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            return HttpResponseNotModified(headers={"ETag": etag})
        context = {"run": run, "percent": round(100 * run.progress)}
        # Revalidated each time: the browser asks with the tag it has.
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if run.status in FINAL_STATES:
            headers["HX-Refresh"] = "true"
        return TemplateResponse(request, "research/admin/progress.html", context, headers=headers)


def _start_once(request: HttpRequest, form: RunForm) -> HttpResponse:
    """Put the run into the queue unless this very form has done it, and show it."""
    at = SystemClock().now()
    key = form.cleaned_data["key"]
    scope = Scope(user_id=int(request.user.pk or 0), method="POST", path=request.path, key=key)
    with transaction.atomic():
        try_lock(scope.lock_name)
        known = find_record(scope=scope, at=at)
        if known is not None:
            return redirect(known.headers["Location"])
        run = queue.enqueue(question=form.question(), user_id=request.user.pk)
        page = reverse("admin:research_run_change", args=[run.pk])
        answer = StoredAnswer(status=302, headers={"Location": page}, body="")
        keep_answer(scope=scope, body_hash="", answer=answer, at=at)
    messages.success(request, f"{run} waits for a worker")
    return redirect(page)


def _said(run: Run) -> str:
    return "canceled" if run.status in FINAL_STATES else "its worker is ending it"


def _is_asked(run: Run) -> bool:
    return run.cancel_requested_at is not None
