"""Asking for a promotion on the page of a verdict."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from common.admin import ReadOnlyAdmin
from common.admin_decisions import Decision, ReasonForm, decide, person
from common.domain.clock import SystemClock
from research.models import Validation
from research.selectors.validations import list_validations
from research.services.promotions import request_promotion
from trading.domain.stages import Stage
from trading.services.authority import REQUEST


class PromotePages(ReadOnlyAdmin):
    """The page beside those that show verdicts."""

    actions_detail = ["promote"]

    def has_promote_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may ask, on verdicts that are a pass."""
        passed = Validation.objects.filter(pk=object_id, passed=True)
        return bool(request.user.has_perm(REQUEST)) and passed.exists()

    @action(
        description="Ask for promotion",
        url_path="promote",
        permissions=["promote"],
        variant=ActionVariant.PRIMARY,
    )
    def promote(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and make the request."""
        validation = get_object_or_404(list_validations(), pk=object_id)
        key = validation.strategy_version.strategy.key

        def act(form: forms.Form) -> str:
            made = request_promotion(
                validation=validation,
                to_stage=Stage.CANDIDATE,
                user=person(request),
                reason=form.cleaned_data["reason"],
                at=SystemClock().now(),
            )
            return f"{made} waits for a second look"

        decision = Decision(
            title=f"Ask for promotion on {validation}",
            question=(
                f"Ask that {key} be made a {Stage.CANDIDATE}, with the set and the setting of"
                " this verdict? Another person can approve it at once, you ten minutes later"
                " if you may."
            ),
            button="Ask for it",
            act=act,
            back=reverse("admin:research_validation_change", args=[validation.pk]),
            form=ReasonForm(request.POST or None),
        )
        return decide(self.admin_site, request, decision)
