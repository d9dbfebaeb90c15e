"""Pages of the back office that ask before something is decided, and why."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget

from common.domain.errors import PlatformError

_LONGEST = 500


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        max_length=_LONGEST, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, is_needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something that a person is asked before it is done.

    Parameters
    ----------
    title, question
        Of the page: what it is, and what would happen, in sentences.
    button, is_danger
        What is pressed to do it, and whether it takes something away.
    act
        Takes the valid form; does it and returns what happened, in a sentence.
    back
        Address to go to afterwards, and where it is left alone.
    form
        What else is asked; a reason by default.
    facts
        What to know before: label and value.
    """

    title: str
    question: str
    button: str
    act: Callable[[forms.Form], str]
    back: str
    form: forms.Form
    is_danger: bool = False
    facts: list[tuple[str, str]] = field(default_factory=list)


def decide(site: AdminSite, request: HttpRequest, decision: Decision) -> HttpResponse:
    """Show the page, or do what was decided on it and lead back.

    What a service refuses is shown on the page, with what was written still there.
    """
    form = decision.form
    if request.method == "POST" and form.is_valid():
        try:
            done = decision.act(form)
        except PlatformError as error:
            form.add_error(None, error.detail)
        else:
            messages.success(request, done)
            return redirect(decision.back)
    context = {**site.each_context(request), "title": decision.title, "decision": decision}
    return TemplateResponse(request, "common/admin/decide.html", {**context, "form": form})


def person(request: HttpRequest) -> User:
    """Return who looks at the page.

    Raises
    ------
    PermissionDenied
        If nobody is logged in; the back office has refused that before.
    """
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied
