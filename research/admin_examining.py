"""Asking for an examination on the page of a run or a sweep."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from unfold.decorators import action

from common.admin import ReadOnlyAdmin
from common.admin_starts import Start, Started, start_once
from common.domain.enums import RunStatus
from research.admin_job_forms import ADD_JOB, ExaminationForm, waiting
from research.examination.options import describe_options
from research.examination.registry import list_tools
from research.examination.tool import Subject
from research.models import Run
from research.services import job_queue


class ExaminePages(ReadOnlyAdmin):
    """The page beside those that show runs, and those that show sweeps."""

    actions_detail = ["examine"]

    def has_examine_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may add jobs, of what has succeeded."""
        done = self.model.objects.filter(pk=object_id, status=RunStatus.SUCCEEDED)
        return bool(request.user.has_perm(ADD_JOB)) and done.exists()

    @action(description="Examine", url_path="examine", permissions=["examine"])
    def examine(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask by which tool, and put the examination into the queue."""
        examined = get_object_or_404(self.model, pk=object_id)
        subject = Subject.RUN if isinstance(examined, Run) else Subject.SWEEP
        form = ExaminationForm(request.POST or None, subject=subject)

        def make() -> Started:
            return waiting(
                job_queue.enqueue_examination(
                    subject=examined,
                    question=form.examination_question(),
                    user_id=request.user.pk,
                )
            )

        context = {
            "notes": [*_notes(subject)],
            "notes_title": f"The tools for a {subject}, and their options with the defaults",
        }
        start = Start(title=f"Examine {examined}", form=form, make=make, context=context)
        return start_once(self.admin_site, request, start)


def _notes(subject: Subject) -> Iterable[tuple[str, str, list[str]]]:
    """Yield the tools: the title of each, what it answers, and its options."""
    for tool in list_tools():
        if tool.subject is subject:
            told = [_told(each) for each in describe_options(tool.options)]
            yield tool.title, tool.question, told


def _told(option: dict[str, Any]) -> str:
    """Return an option with its default, and what it is."""
    others = [each for each in option["choices"] or () if each != option["default"]]
    choices = f" (or {', '.join(others)})" if others else ""
    return f"{option['name']}={option['default']}{choices}: {option['help']}"
