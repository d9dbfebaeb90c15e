"""Forms of the back office that start something, once however often they are sent."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from common.admin_decisions import person
from common.domain.canonical import canonical_hash
from common.domain.clock import SystemClock
from common.domain.errors import Conflict, PlatformError
from common.idempotency import Scope, StoredAnswer, find_record, keep_answer
from common.locks import try_lock

# Differs between two pages with the same form.
_OF_THE_PAGE: Final = frozenset({"csrfmiddlewaretoken"})


class FormInProgress(Conflict):
    """The same form is being sent a second time while the first is still looked at."""

    code = "form_in_progress"


class StartForm(forms.Form):
    """What is asked, under a key of the form's own.

    Attributes
    ----------
    further
        Fields that are rarely changed; the page folds them away.
    """

    further: ClassVar[tuple[str, ...]] = ()

    key = forms.CharField(
        widget=forms.HiddenInput, max_length=64, initial=lambda: uuid.uuid4().hex
    )

    def usual_fields(self) -> Iterable[forms.BoundField]:
        """Return the fields that are always shown, in their order."""
        return [each for each in self if each.name not in self.further]

    def further_fields(self) -> Iterable[forms.BoundField]:
        """Return the others."""
        return [each for each in self if each.name in self.further]

    def has_further_errors(self) -> bool:
        """Tell whether something is wrong with what is folded away."""
        return any(name in self.errors for name in self.further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a form came to: a sentence, and the address of its page."""

    said: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Something that a person fills in a form for.

    Parameters
    ----------
    title
        Of the page.
    form
        What is asked.
    make
        Called once with the valid form, in a transaction; does it.
    context
        What else the page shows: `notes_title`, and `notes` below the form, each a title, a
        sentence and lines.
    """

    title: str
    form: StartForm
    make: Callable[[], Started]
    context: dict[str, Any] = field(default_factory=dict)


def start_once(site: AdminSite, request: HttpRequest, start: Start) -> HttpResponse:
    """Show the form, or do what it asks and lead to what it made.

    A form that is sent again as it was leads to what it made the first time; one that was
    changed in between asks for something else. What a service refuses is shown on the form,
    with what was written still there.
    """
    form = start.form
    if request.method == "POST" and form.is_valid():
        try:
            return _make_once(request, start)
        except PlatformError as error:
            form.add_error(None, error.detail)
    context = {**site.each_context(request), "title": start.title, "form": form, **start.context}
    return TemplateResponse(request, "common/admin/start.html", context)


def _make_once(request: HttpRequest, start: Start) -> HttpResponse:
    at = SystemClock().now()
    scope = Scope(
        user_id=person(request).pk, method="POST", path=request.path, key=_name_of(request)
    )
    with transaction.atomic():
        if not try_lock(scope.lock_name):
            raise FormInProgress("this form was sent twice: the first is still being looked at")
        known = find_record(scope=scope, at=at)
        if known is not None:
            return redirect(known.headers["Location"])
        started = start.make()
        answer = StoredAnswer(status=302, headers={"Location": started.page}, body="")
        keep_answer(scope=scope, body_hash="", answer=answer, at=at)
    messages.success(request, started.said)
    return redirect(started.page)


def _name_of(request: HttpRequest) -> str:
    """Return what only the same form with the same content has."""
    sent = {name: values for name, values in request.POST.lists() if name not in _OF_THE_PAGE}
    return canonical_hash(sent)
