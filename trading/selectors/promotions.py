"""Which stage holds, what led there, and what waits for a decision."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from common.domain.time import format_utc, to_ns
from trading.domain.confirmations import RequestState
from trading.domain.stages import Stage
from trading.exceptions import UnknownPromotion, UnknownRequest
from trading.models import Promotion, PromotionRequest, Strategy, StrategyVersion


def list_promotions() -> QuerySet[Promotion]:
    """Return the steps that were taken, with what they name, in one query."""
    return Promotion.objects.select_related(
        "strategy_version__strategy", "requested_by", "approved_by"
    )


def get_promotion(number: int) -> Promotion:
    """Return a step.

    Raises
    ------
    UnknownPromotion
        If there is none of that number.
    """
    found = list_promotions().filter(pk=number).first()
    if found is None:
        raise UnknownPromotion(f"no promotion {number}", promotion=number)
    return found


def latest_promotion(config_hash: str) -> Promotion | None:
    """Return the last step of what has this name; None where none was taken."""
    return list_promotions().filter(config_hash=config_hash).order_by("-sequence").first()


def stage_after(latest: Promotion | None) -> Stage:
    """Return the stage that holds after this last step."""
    return Stage.RESEARCH if latest is None else Stage(latest.to_stage)


def current_promotions() -> QuerySet[Promotion]:
    """Return the last step of everything that has taken one."""
    newer = Promotion.objects.filter(
        config_hash=OuterRef("config_hash"), sequence__gt=OuterRef("sequence")
    )
    return list_promotions().filter(~Exists(newer))


def promotions_of(strategy: Strategy) -> QuerySet[Promotion]:
    """Return the steps of all versions of a strategy, the newest first."""
    return list_promotions().filter(strategy_version__strategy=strategy).order_by("-pk")


def list_promotion_requests() -> QuerySet[PromotionRequest]:
    """Return the requests with what they name, in one query."""
    return PromotionRequest.objects.select_related(
        "strategy_version__strategy", "requested_by", "decided_by"
    )


def get_promotion_request(number: int) -> PromotionRequest:
    """Return a request.

    Raises
    ------
    UnknownRequest
        If there is none of that number.
    """
    found = list_promotion_requests().filter(pk=number).first()
    if found is None:
        raise UnknownRequest(f"no request {number} for a promotion", request=number)
    return found


def pending_requests() -> QuerySet[PromotionRequest]:
    """Return the requests that wait for a decision, the oldest first."""
    return list_promotion_requests().filter(state=RequestState.PENDING).order_by("pk")


def is_present_source(version: StrategyVersion) -> bool:
    """Return whether a version is the one that is there, by the rows.

    A file that was changed is known once `sync_strategies` has looked.
    """
    rows = StrategyVersion.objects.filter(strategy_id=version.strategy_id, is_present=True)
    return rows.order_by("-pk").values_list("pk", flat=True).first() == version.pk


def describe_promotion(promotion: Promotion) -> dict[str, Any]:
    """Return a step as JSON values."""
    return {
        "promotion_id": promotion.pk,
        **_describe_step(promotion),
        "sequence": promotion.sequence,
        "request_id": promotion.request_id,
        "requested_by": promotion.requested_by.username,
        "approved_by": promotion.approved_by.username,
        "reason": promotion.reason,
        "created_at": format_utc(to_ns(promotion.created_at)),
        "evidence": promotion.evidence,
        "thresholds": promotion.thresholds,
    }


def describe_request(request: PromotionRequest) -> dict[str, Any]:
    """Return a request as JSON values."""
    decided_at, decided_by = request.decided_at, request.decided_by
    return {
        "request_id": request.pk,
        **_describe_step(request),
        "state": request.state,
        "requested_by": request.requested_by.username,
        "reason": request.reason,
        "requested_at": format_utc(to_ns(request.requested_at)),
        "decided_by": None if decided_by is None else decided_by.username,
        "decided_at": None if decided_at is None else format_utc(to_ns(decided_at)),
        "decision_reason": request.decision_reason,
        "evidence": request.evidence,
    }


def _describe_step(step: Promotion | PromotionRequest) -> dict[str, Any]:
    version = step.strategy_version
    return {
        "strategy": {
            "key": version.strategy.key,
            "version": version.version,
            "source_hash": version.source_hash,
            "params": step.params,
        },
        "setting": step.setting,
        "config_hash": step.config_hash,
        "from_stage": step.from_stage,
        "to_stage": step.to_stage,
    }
