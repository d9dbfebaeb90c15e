"""Starting, watching and ending runs in the back office; `research.admin` shows them."""

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from common.admin_decisions import Decision, decide
from common.admin_starts import Start, Started, start_once
from common.domain.clock import SystemClock
from research.admin_examining import ExaminePages
from research.admin_forms import RunForm
from research.admin_watching import Stand, show_stand
from research.models import FINAL_STATES, Run
from research.selectors.runs import get_run
from research.services import queue

_PERMISSION: Final = "research.add_run"


class RunPages(ExaminePages):
    """The pages beside those that show runs."""

    actions_list = ["start_run"]
    actions_detail = ["cancel_run", "examine"]

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
        form = RunForm(request.POST or None)

        def make() -> Started:
            run = queue.enqueue(question=form.question(), user_id=request.user.pk)
            page = reverse("admin:research_run_change", args=[run.pk])
            return Started(said=f"{run} waits for a worker", page=page)

        start = Start(title="Start a run", form=form, make=make)
        return start_once(self.admin_site, request, start)

    @action(
        description="Cancel",
        url_path="cancel",
        permissions=["cancel"],
        variant=ActionVariant.DANGER,
    )
    def cancel_run(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and end the run."""
        run = get_run(object_id)

        def act(_: forms.Form) -> str:
            ended = queue.cancel(run_id=run.pk, at=SystemClock().now())
            is_over = ended.status in FINAL_STATES
            return f"{ended}: {'canceled' if is_over else 'its worker is ending it'}"

        decision = Decision(
            title=f"Cancel {run}",
            question=(
                f"End {run} ({run.status}): {run.strategy_version.strategy.key} on {run.engine},"
                f" {run.series}? What it has done so far is lost."
            ),
            button="Cancel the run",
            act=act,
            back=reverse("admin:research_run_change", args=[run.pk]),
            form=forms.Form(request.POST),
            is_danger=True,
        )
        return decide(self.admin_site, request, decision)

    def watch(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Return how far a run is; nothing where the page has it already."""
        run = get_run(object_id)
        if not self.has_view_permission(request, run):
            return HttpResponse(status=403)
        notes = ["being canceled"] if run.cancel_requested_at is not None else []
        if run.attempt > 1:
            notes.append(f"attempt {run.attempt}")
        stand = Stand(
            status=run.status,
            progress=run.progress,
            notes=notes,
            is_page_old=run.status in FINAL_STATES,
        )
        return show_stand(request, stand)
