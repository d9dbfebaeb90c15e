"""The examinations of a run or a sweep on its page in the back office."""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from research.models import Examination, Run, Sweep
from research.selectors.examinations import examinations_of, tool_title

_SHOWN: Final = 50


def examination_table(request: HttpRequest, subject: Run | Sweep) -> dict[str, Any]:
    """Return the newest examinations of a run or a sweep, for its page.

    Returns
    -------
    dict
        `examinations`, a table; empty where there are none, or this user may not see them.
    """
    if not request.user.has_perm("research.view_examination"):
        return {}
    rows = [
        [_link(each), verdict_of(each), each.sentence]
        for each in examinations_of(subject)[:_SHOWN]
    ]
    table = {"headers": ["tool", "verdict", "what was found"], "rows": rows}
    return {"examinations": table} if rows else {}


def _link(examination: Examination) -> str:
    address = reverse("admin:research_examination_change", args=[examination.pk])
    title = tool_title(examination.tool)
    return format_html('<a class="text-link" href="{}">{}</a>', address, title)


def verdict_of(examination: Examination) -> str:
    """Return whether it passed, or that it judges nothing."""
    if examination.passed is None:
        return "described"
    return "pass" if examination.passed else "fail"
