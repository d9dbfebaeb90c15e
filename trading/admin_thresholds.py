"""Thresholds of the gates and requests to loosen them in the back office."""

from typing import Any, override

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from common.admin import ReadOnlyAdmin
from common.admin_decisions import Decision, ReasonForm, decide, person
from common.domain.clock import SystemClock
from trading.domain.confirmations import PAUSE, RequestState
from trading.domain.thresholds import THRESHOLDS
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import (
    get_threshold_request,
    list_threshold_requests,
    pending_thresholds,
    thresholds_in_force,
)
from trading.services import thresholds
from trading.services.authority import SET_THRESHOLDS

_STATE_LABELS = {
    RequestState.PENDING.value: "warning",
    RequestState.APPROVED.value: "success",
    RequestState.DECLINED.value: "danger",
}


class ThresholdForm(ReasonForm):
    """Which threshold, what it is to be, and why."""

    key = forms.ChoiceField(
        label="Threshold",
        choices=[(key, f"{key}: {each.meaning}") for key, each in THRESHOLDS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    value = forms.FloatField(widget=UnfoldAdminTextInputWidget)
    field_order = ["key", "value", "reason"]


@admin.register(GateThreshold)
class GateThresholdAdmin(ReadOnlyAdmin):
    """What is asked of strategies now, and every change of it."""

    list_display = [
        "key", "comparison", "value", "changed_by", "confirmed_by", "reason", "valid_from",
    ]  # fmt: skip
    list_filter = ["key"]
    list_select_related = ["changed_by", "confirmed_by"]
    ordering = ["-id"]
    list_before_template = "trading/admin/thresholds.html"
    actions_list = ["change_threshold"]

    @override
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show what holds above what was changed."""
        pending = pending_thresholds()
        rows = [(each, pending.get(key)) for key, each in thresholds_in_force().items()]
        context = {**(extra_context or {}), "thresholds": rows, "title": "Thresholds of the gates"}
        page: HttpResponse = super().changelist_view(request, context)
        return page

    def has_set_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Allow those who set thresholds."""
        return bool(request.user.has_perm(SET_THRESHOLDS))

    @action(
        description="Change a threshold",
        url_path="set",
        permissions=["set"],
        variant=ActionVariant.PRIMARY,
    )
    def change_threshold(self, request: HttpRequest) -> HttpResponse:
        """Ask which and why, and change it or let it wait."""

        def act(form: forms.Form) -> str:
            made = thresholds.change(
                user=person(request), at=SystemClock().now(), **form.cleaned_data
            )
            if isinstance(made, ThresholdRequest):
                return f"{made} waits for a second look: it asks less than before"
            return f"{made} holds from now on"

        decision = Decision(
            title="Change a threshold",
            question=(
                "What asks more of strategies holds at once. What asks less waits until another"
                " person has confirmed it, or you have, ten minutes later."
            ),
            button="Change it",
            act=act,
            back=reverse("admin:trading_gatethreshold_changelist"),
            form=ThresholdForm(request.POST or None, initial=request.GET.dict()),
        )
        return decide(self.admin_site, request, decision)


@admin.register(ThresholdRequest)
class ThresholdRequestAdmin(ReadOnlyAdmin):
    """Requests to ask less of strategies, to be confirmed or declined."""

    list_display = [
        "id", "state_label", "key", "from_value", "to_value", "requested_by", "requested_at",
    ]  # fmt: skip
    list_filter = ["state", "key"]
    ordering = ["-id"]
    actions_detail = ["confirm", "decline"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the requests who made them."""
        return list_threshold_requests()

    @display(description="state", label=_STATE_LABELS)
    def state_label(self, request: ThresholdRequest) -> str:
        """Return whether it waits, coloured."""
        return request.state

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who set thresholds, of requests that wait."""
        waiting = ThresholdRequest.objects.filter(pk=object_id, state=RequestState.PENDING)
        return bool(request.user.has_perm(SET_THRESHOLDS)) and waiting.exists()

    @action(
        description="Confirm",
        url_path="confirm",
        permissions=["decide"],
        variant=ActionVariant.DANGER,
    )
    def confirm(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and ask less."""
        asked = get_threshold_request(object_id)

        def act(form: forms.Form) -> str:
            made = thresholds.confirm(
                request_id=asked.pk,
                user=person(request),
                at=SystemClock().now(),
                reason=form.cleaned_data["reason"],
            )
            return f"{made} holds from now on"

        decision = Decision(
            title=f"Confirm {asked}",
            question=(
                f"Ask less of every strategy: {asked.key} {asked.to_value:g} instead of"
                f" {asked.from_value:g}?"
            ),
            button="Confirm",
            is_danger=True,
            act=act,
            back=_page(asked),
            form=ReasonForm(request.POST or None, is_needed=False),
            facts=_facts(asked, request),
        )
        return decide(self.admin_site, request, decision)

    @action(
        description="Decline",
        url_path="decline",
        permissions=["decide"],
        variant=ActionVariant.DEFAULT,
    )
    def decline(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and leave the threshold as it is."""
        asked = get_threshold_request(object_id)

        def act(form: forms.Form) -> str:
            declined = thresholds.decline(
                request_id=asked.pk,
                user=person(request),
                at=SystemClock().now(),
                reason=form.cleaned_data["reason"],
            )
            return f"{declined} is {declined.state.lower()}"

        decision = Decision(
            title=f"Decline {asked}",
            question=f"Leave {asked.key} at {asked.from_value:g}?",
            button="Decline",
            act=act,
            back=_page(asked),
            form=ReasonForm(request.POST or None),
            facts=_facts(asked, request),
        )
        return decide(self.admin_site, request, decision)


def _page(asked: ThresholdRequest) -> str:
    return reverse("admin:trading_thresholdrequest_change", args=[asked.pk])


def _facts(asked: ThresholdRequest, request: HttpRequest) -> list[tuple[str, str]]:
    facts = [
        ("Meaning", THRESHOLDS[asked.key].meaning),
        ("Asked by", f"{asked.requested_by.username}: {asked.reason}"),
    ]
    if asked.requested_by_id == request.user.pk:
        alone = asked.requested_at + PAUSE
        facts.append(("You asked", f"so you can confirm from {alone:%H:%M:%S} UTC on"))
    return facts
