"""Promotions and the requests for them in the back office."""

from typing import Any, Final, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from common.admin import ReadOnlyAdmin
from common.admin_decisions import Decision, ReasonForm, decide, person
from common.domain.clock import SystemClock
from trading.domain.confirmations import PAUSE, RequestState
from trading.domain.proof import Evidence
from trading.domain.stages import Stage
from trading.models import Promotion, PromotionRequest
from trading.selectors.promotion_tables import (
    configuration,
    gate_table,
    references,
    settings_table,
)
from trading.selectors.promotions import (
    get_promotion,
    get_promotion_request,
    latest_promotion,
    list_promotion_requests,
    list_promotions,
)
from trading.selectors.thresholds import threshold_values
from trading.services import promotions
from trading.services.authority import DECIDE
from trading.services.evidence import objections

STATE_LABELS: Final = {
    RequestState.PENDING.value: "warning",
    RequestState.APPROVED.value: "success",
    RequestState.DECLINED.value: "danger",
}


class _StepAdmin(ReadOnlyAdmin):
    """What pages of promotions and of requests share."""

    list_per_page = 50
    show_full_result_count = False
    ordering = ["-id"]
    search_fields = ["=id", "strategy_version__strategy__key", "config_hash"]
    change_form_before_template = "trading/admin/step.html"

    @admin.display(description="strategy")
    def strategy(self, step: Promotion | PromotionRequest) -> str:
        """Return the key."""
        return step.strategy_version.strategy.key

    @admin.display(description="what")
    def configuration(self, step: Promotion | PromotionRequest) -> str:
        """Return parameters, instrument and timeframe."""
        return configuration(step)

    @admin.display(description="step")
    def step(self, step: Promotion | PromotionRequest) -> str:
        """Return from where to where."""
        return f"{step.from_stage} → {step.to_stage}"

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the evidence above the row."""
        step = context.get("original")
        if isinstance(step, Promotion | PromotionRequest):
            context |= {"step": step, "configuration": configuration(step)}
            context |= {"gates": gate_table(step), "references": references(step)}
            context |= {"setting_rows": settings_table(step), "objections": _objections(step)}
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


@admin.register(Promotion)
class PromotionAdmin(_StepAdmin):
    """Steps that were taken, with what each rests on."""

    list_display = ["id", "strategy", "configuration", "step", "approved_by", "created_at"]
    list_filter = ["to_stage", "strategy_version__strategy"]
    fields = [
        "strategy_version",
        "request",
        "sequence",
        "requested_by",
        "approved_by",
        "reason",
        "created_at",
        "config_hash",
    ]
    actions_detail = ["demote"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the steps what they name."""
        return list_promotions().select_related("request")

    def has_demote_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who decide, of the last step, where it can be taken back."""
        if object_id is None or not request.user.has_perm(DECIDE):
            return False
        step = list_promotions().filter(pk=object_id, to_stage=Stage.CANDIDATE.value).first()
        return step is not None and latest_promotion(step.config_hash) == step

    @action(
        description="Demote",
        url_path="demote",
        permissions=["demote"],
        variant=ActionVariant.DANGER,
    )
    def demote(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and take the step down."""
        step = get_promotion(object_id)
        key = step.strategy_version.strategy.key

        def act(form: Any) -> str:
            taken = promotions.demote(
                promotion_id=step.pk,
                to_stage=Stage.RESEARCH,
                user=person(request),
                reason=form.cleaned_data["reason"],
                at=SystemClock().now(),
            )
            return f"{key} is {taken.to_stage} again"

        decision = Decision(
            title=f"Demote {key}",
            question=(
                f"Take {key} back from {step.to_stage} to {Stage.RESEARCH}? It takes a new"
                " request to become one again."
            ),
            button="Demote",
            is_danger=True,
            act=act,
            back=reverse("admin:trading_promotion_change", args=[step.pk]),
            form=ReasonForm(request.POST or None),
            facts=[("What", configuration(step))],
        )
        return decide(self.admin_site, request, decision)


@admin.register(PromotionRequest)
class PromotionRequestAdmin(_StepAdmin):
    """Requests for steps, with the evidence, to be approved or declined."""

    list_display = [
        "id", "state_label", "strategy", "configuration", "step", "requested_by", "requested_at",
    ]  # fmt: skip
    list_filter = ["state", "strategy_version__strategy"]
    fields = [
        "strategy_version",
        "state",
        "requested_by",
        "reason",
        "requested_at",
        "decided_by",
        "decided_at",
        "decision_reason",
        "config_hash",
    ]
    actions_detail = ["approve", "decline"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read with the requests what they name."""
        return list_promotion_requests()

    @display(description="state", label=STATE_LABELS)
    def state_label(self, request: PromotionRequest) -> str:
        """Return whether it waits, coloured."""
        return request.state

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who decide, of requests that wait."""
        return bool(request.user.has_perm(DECIDE)) and _waiting(object_id).exists()

    def has_decline_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who decide and the one who asked, of requests that wait."""
        if self.has_approve_permission(request, object_id):
            return True
        return _waiting(object_id).filter(requested_by_id=request.user.pk).exists()

    @action(
        description="Approve",
        url_path="approve",
        permissions=["approve"],
        variant=ActionVariant.PRIMARY,
    )
    def approve(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and take the step."""
        asked = get_promotion_request(object_id)
        key = asked.strategy_version.strategy.key

        def act(form: Any) -> str:
            taken = promotions.approve(
                request_id=asked.pk,
                user=person(request),
                at=SystemClock().now(),
                reason=form.cleaned_data["reason"],
            )
            return f"{key} is {taken.to_stage}"

        decision = Decision(
            title=f"Approve {asked}",
            question=f"Take {key} from {asked.from_stage} to {asked.to_stage}?",
            button="Approve",
            act=act,
            back=_page(asked),
            form=ReasonForm(request.POST or None, is_needed=False),
            facts=_facts(asked, request),
        )
        return decide(self.admin_site, request, decision)

    @action(
        description="Decline",
        url_path="decline",
        permissions=["decline"],
        variant=ActionVariant.DANGER,
    )
    def decline(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether it is meant, and refuse the step."""
        asked = get_promotion_request(object_id)
        key = asked.strategy_version.strategy.key

        def act(form: Any) -> str:
            declined = promotions.decline(
                request_id=asked.pk,
                user=person(request),
                at=SystemClock().now(),
                reason=form.cleaned_data["reason"],
            )
            return f"{declined} is {declined.state.lower()}"

        decision = Decision(
            title=f"Decline {asked}",
            question=f"Leave {key} at {asked.from_stage}? It can be asked for again.",
            button="Decline",
            is_danger=True,
            act=act,
            back=_page(asked),
            form=ReasonForm(request.POST or None),
            facts=_facts(asked, request),
        )
        return decide(self.admin_site, request, decision)


def _objections(step: Promotion | PromotionRequest) -> list[str]:
    """Return what speaks against a request that waits, as things are now."""
    if not (isinstance(step, PromotionRequest) and step.state == RequestState.PENDING):
        return []
    return objections(
        step.strategy_version,
        Evidence.from_json(step.evidence),
        thresholds=threshold_values(),
        at=SystemClock().now(),
    )


def _waiting(object_id: Any) -> QuerySet[PromotionRequest]:
    return PromotionRequest.objects.filter(pk=object_id, state=RequestState.PENDING)


def _page(asked: PromotionRequest) -> str:
    return reverse("admin:trading_promotionrequest_change", args=[asked.pk])


def _facts(asked: PromotionRequest, request: HttpRequest) -> list[tuple[str, str]]:
    facts = [
        ("What", configuration(asked)),
        ("Asked by", f"{asked.requested_by.username}: {asked.reason}"),
    ]
    if asked.requested_by_id == request.user.pk:
        alone = asked.requested_at + PAUSE
        facts.append(("You asked", f"so you can approve from {alone:%H:%M:%S} UTC on"))
    return facts
