"""Starting, watching and ending sweeps in the back office; `research.admin_sweeps` shows them."""

from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from common.admin_decisions import Decision, decide
from common.admin_starts import Start, Started, start_once
from common.domain.clock import SystemClock
from research.admin_examining import ExaminePages
from research.admin_forms import SweepForm
from research.admin_job_forms import ADD_JOB
from research.admin_watching import Stand, show_stand
from research.models import FINAL_STATES, Sweep
from research.selectors.sweeps import get_sweep
from research.services import sweep_queue

_PERMISSION: Final = "research.add_sweep"
# The page is loaded anew whenever this part more is done.
_PARTS: Final = 10
# Its sets were named one by one.
_LISTED: Final = "list"


class SweepPages(ExaminePages):
    """The pages beside those that show sweeps."""

    actions_list = ["start_sweep"]
    actions_detail = ["pause_sweep", "resume_sweep", "cancel_sweep", "validate", "examine"]

    def has_start_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Allow those who may add sweeps."""
        return bool(request.user.has_perm(_PERMISSION))

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add sweeps, of one that goes on."""
        going = _open(object_id).filter(paused_at=None)
        return self.has_start_permission(request) and going.exists()

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add sweeps, of one that is paused."""
        paused = _open(object_id).exclude(paused_at=None)
        return self.has_start_permission(request) and paused.exists()

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add sweeps, of one that has not ended."""
        return self.has_start_permission(request) and _open(object_id).exists()

    def has_validate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add jobs, of a sweep whose sets a form can name."""
        begun = Sweep.objects.filter(pk=object_id, dataset__isnull=False)
        # Of the oldest sweeps the order of the axes is not known.
        known = begun.filter(search__has_key="space").exclude(method=_LISTED)
        return bool(request.user.has_perm(ADD_JOB)) and known.exists()

    def get_urls(self) -> list[URLPattern]:
        """Add the page's own piece that shows progress."""
        watch = self.admin_site.admin_view(self.watch, cacheable=True)
        own = path("<int:object_id>/progress/", watch, name="research_sweep_progress")
        return [own, *super().get_urls()]

    @action(
        description="Start a sweep",
        url_path="start",
        permissions=["start"],
        variant=ActionVariant.PRIMARY,
    )
    def start_sweep(self, request: HttpRequest) -> HttpResponse:
        """Ask what is to be tried, and put it into the queue."""
        form = SweepForm(request.POST or None)

        def make() -> Started:
            sweep = sweep_queue.enqueue_sweep(
                question=form.sweep_question(), user_id=request.user.pk
            )
            return Started(said=f"{sweep} waits for a worker", page=_page(sweep))

        start = Start(title="Start a sweep", form=form, make=make)
        return start_once(self.admin_site, request, start)

    @action(description="Validate", url_path="validate", permissions=["validate"])
    def validate(self, request: HttpRequest, object_id: int) -> HttpResponse:  # noqa: ARG002
        """Lead to the form of a verdict, filled in with the sweep's question."""
        form = reverse("admin:research_validation_start_validation")
        return redirect(f"{form}?sweep={object_id}")

    @action(description="Pause", url_path="pause", permissions=["pause"])
    def pause_sweep(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and pause the sweep."""
        sweep = get_sweep(object_id)

        def act(_: forms.Form) -> str:
            sweep_queue.pause_sweep(sweep_id=sweep.pk, at=SystemClock().now())
            return f"{sweep}: paused"

        question = f"Let nothing more of {sweep} begin? What is under way is still written."
        decision = _decision(request, sweep, ("Pause", question), act=act)
        return decide(self.admin_site, request, decision)

    @action(
        description="Resume",
        url_path="resume",
        permissions=["resume"],
        variant=ActionVariant.PRIMARY,
    )
    def resume_sweep(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and let the sweep go on."""
        sweep = get_sweep(object_id)

        def act(_: forms.Form) -> str:
            sweep_queue.resume_sweep(sweep_id=sweep.pk)
            return f"{sweep}: goes on"

        decision = _decision(request, sweep, ("Resume", f"Let {sweep} go on?"), act=act)
        return decide(self.admin_site, request, decision)

    @action(
        description="Cancel",
        url_path="cancel",
        permissions=["cancel"],
        variant=ActionVariant.DANGER,
    )
    def cancel_sweep(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and end the sweep."""
        sweep = get_sweep(object_id)

        def act(_: forms.Form) -> str:
            sweep_queue.cancel_sweep(sweep_id=sweep.pk, at=SystemClock().now())
            return f"{sweep}: canceled"

        question = (
            f"End {sweep} ({sweep.status}), {sweep.progress:.0%} done? What was tried is kept;"
            " it cannot go on afterwards."
        )
        decision = _decision(request, sweep, ("Cancel", question), act=act, is_danger=True)
        return decide(self.admin_site, request, decision)

    def watch(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Return how far a sweep is; nothing where the page has it already."""
        sweep = get_sweep(object_id)
        if not self.has_view_permission(request, sweep):
            return HttpResponse(status=403)
        stand = Stand(
            status=sweep.status,
            progress=sweep.progress,
            notes=[] if sweep.paused_at is None else ["paused"],
            is_page_old=page_mark(sweep) != request.GET.get("seen"),
        )
        return show_stand(request, stand)


def page_mark(sweep: Sweep) -> str:
    """Return what changes when the page of a sweep is to be loaded anew."""
    paused = "paused" if sweep.paused_at is not None else "going"
    return f"{sweep.status}-{paused}-{int(_PARTS * sweep.progress)}"


def _open(object_id: Any) -> QuerySet[Sweep]:
    return Sweep.objects.filter(pk=object_id).exclude(status__in=FINAL_STATES)


def _page(sweep: Sweep) -> str:
    return reverse("admin:research_sweep_change", args=[sweep.pk])


def _decision(
    request: HttpRequest,
    sweep: Sweep,
    words: tuple[str, str],
    *,
    act: Any,
    is_danger: bool = False,
) -> Decision:
    verb, question = words
    return Decision(
        title=f"{verb} {sweep}",
        question=question,
        button=f"{verb} the sweep",
        act=act,
        back=_page(sweep),
        form=forms.Form(request.POST),
        is_danger=is_danger,
    )
