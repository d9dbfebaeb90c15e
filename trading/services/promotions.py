"""Steps of strategies from stage to stage: asked for with evidence, decided by a second look."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from common.locks import locked
from trading.domain.confirmations import RequestState, check_second_look
from trading.domain.proof import Evidence, Proof
from trading.domain.stages import Stage, check_demotion, check_promotion
from trading.exceptions import (
    AlreadyDecided,
    AlreadyRequested,
    StageChanged,
    UnknownRequest,
)
from trading.models import Promotion, PromotionRequest, StrategyVersion
from trading.selectors.promotions import (
    get_promotion,
    get_promotion_request,
    latest_promotion,
    stage_after,
)
from trading.selectors.thresholds import threshold_values
from trading.services.authority import DECIDE, REQUEST, given_reason, remark, require
from trading.services.evidence import check_evidence


@transaction.atomic
def request_promotion(
    *,
    version: StrategyVersion,
    proof: Proof,
    to_stage: Stage,
    user: User,
    reason: str,
    at: datetime,
) -> PromotionRequest:
    """Ask for a step up, and return the request, which waits for a second look.

    Parameters
    ----------
    version
        What was judged.
    proof
        With which parameters, in which setting, and what was found.
    at
        The time now, aware, UTC.

    Raises
    ------
    NotPermitted, ReasonMissing
        If the user may not ask, or does not say why.
    WrongTransition, StageNotBuilt
        If there is no such step from where it is, or it cannot be judged yet.
    NotPromotable
        If the evidence does not admit it; all reasons are named.
    AlreadyRequested
        If a request for the same is pending.
    """
    require(user, REQUEST)
    said = given_reason(reason)
    config_hash = proof.subject.config_hash(
        strategy=version.strategy.key, source_hash=version.source_hash
    )
    from_stage = stage_after(latest_promotion(config_hash))
    check_promotion(from_stage, to_stage)
    check_evidence(version, proof.evidence, thresholds=threshold_values(), at=at)
    return _add_request(
        strategy_version=version,
        from_stage=from_stage.value,
        to_stage=to_stage.value,
        params=dict(proof.subject.params),
        setting=dict(proof.subject.setting),
        config_hash=config_hash,
        evidence=proof.evidence.to_json(),
        requested_by=user,
        reason=said,
        requested_at=at,
    )


@transaction.atomic
def approve(*, request_id: int, user: User, at: datetime, reason: str = "") -> Promotion:
    """Take the step that was asked for, if the evidence still admits it.

    Raises
    ------
    NotPermitted
        If the user may not decide.
    UnknownRequest, AlreadyDecided
        If there is no such request, or none that waits.
    ConfirmedTooSoon
        If it is the one who asked, before ten minutes are over.
    StageChanged
        If another step was taken since it was asked for.
    NotPromotable
        If the evidence does not admit it any more; all reasons are named.
    """
    require(user, DECIDE)
    request = _lock_pending(request_id)
    check_second_look(
        asked_by=request.requested_by_id,
        asked_at=request.requested_at,
        confirmed_by=user.pk,
        at=at,
    )
    latest = latest_promotion(request.config_hash)
    from_stage, to_stage = Stage(request.from_stage), Stage(request.to_stage)
    if stage_after(latest) != from_stage:
        raise StageChanged(
            f"it is {stage_after(latest)} now, not {from_stage} as when {request} was made",
            request=request.pk,
        )
    check_promotion(from_stage, to_stage)
    thresholds = threshold_values()
    evidence = Evidence.from_json(request.evidence)
    check_evidence(request.strategy_version, evidence, thresholds=thresholds, at=at)
    _decide(request, RequestState.APPROVED, user=user, at=at, reason=remark(reason))
    return _add_promotion(
        latest,
        strategy_version=request.strategy_version,
        request=request,
        from_stage=request.from_stage,
        to_stage=request.to_stage,
        params=request.params,
        setting=request.setting,
        config_hash=request.config_hash,
        evidence=request.evidence,
        thresholds=thresholds,
        requested_by_id=request.requested_by_id,
        approved_by=user,
        reason=request.reason,
        created_at=at,
    )


@transaction.atomic
def decline(*, request_id: int, user: User, at: datetime, reason: str) -> PromotionRequest:
    """Refuse a request, or withdraw one's own.

    Raises
    ------
    NotPermitted, ReasonMissing
        If the user neither decides nor has asked, or does not say why.
    UnknownRequest, AlreadyDecided
        If there is no such request, or none that waits.
    """
    said = given_reason(reason)
    request = _lock_pending(request_id)
    if request.requested_by_id != user.pk:
        require(user, DECIDE)
    _decide(request, RequestState.DECLINED, user=user, at=at, reason=said)
    return get_promotion_request(request.pk)


@transaction.atomic
def demote(
    *, promotion_id: int, to_stage: Stage, user: User, reason: str, at: datetime
) -> Promotion:
    """Take a step down from where a promotion led; it needs no second look.

    Raises
    ------
    NotPermitted, ReasonMissing
        If the user may not decide, or does not say why.
    UnknownPromotion
        If there is none of that number.
    StageChanged
        If it is not the last step any more.
    WrongTransition, StageNotBuilt
        If there is no such step from where it is, or it cannot be taken yet.
    """
    require(user, DECIDE)
    said = given_reason(reason)
    last = get_promotion(promotion_id)
    latest = latest_promotion(last.config_hash)
    if latest != last:
        raise StageChanged(f"{last} is not the last step any more", promotion=last.pk)
    check_demotion(Stage(last.to_stage), to_stage)
    return _add_promotion(
        last,
        strategy_version=last.strategy_version,
        from_stage=last.to_stage,
        to_stage=to_stage.value,
        params=last.params,
        setting=last.setting,
        config_hash=last.config_hash,
        evidence={},
        thresholds={},
        requested_by=user,
        approved_by=user,
        reason=said,
        created_at=at,
    )


def _lock_pending(request_id: int) -> PromotionRequest:
    rows = PromotionRequest.objects.select_related("strategy_version__strategy")
    # Locked before it is looked at: of two who decide, the second sees what the first did.
    request = locked(rows.filter(pk=request_id)).first()
    if request is None:
        raise UnknownRequest(f"no request {request_id} for a promotion", request=request_id)
    if request.state != RequestState.PENDING:
        raise AlreadyDecided(f"{request} is {request.state}", request=request.pk)
    return request


def _decide(
    request: PromotionRequest, state: RequestState, *, user: User, at: datetime, reason: str
) -> None:
    pending = PromotionRequest.objects.filter(pk=request.pk, state=RequestState.PENDING)
    changed = pending.update(
        state=state.value, decided_by=user, decided_at=at, decision_reason=reason, updated_at=at
    )
    if not changed:
        raise AlreadyDecided(f"{request} was decided meanwhile", request=request.pk)


def _add_request(**facts: Any) -> PromotionRequest:
    same = PromotionRequest.objects.filter(
        config_hash=facts["config_hash"], state=RequestState.PENDING
    )
    if (pending := same.first()) is not None:
        raise AlreadyRequested(f"{pending} is pending", request=pending.pk)
    try:
        with transaction.atomic():
            added = PromotionRequest.objects.create(**facts)
    except IntegrityError as e:
        # Another asked for the same at the same time; anything else is a mistake of ours.
        if (pending := same.first()) is None:
            raise
        raise AlreadyRequested(f"{pending} is pending", request=pending.pk) from e
    return get_promotion_request(added.pk)


def _add_promotion(last: Promotion | None, **facts: Any) -> Promotion:
    sequence = 1 if last is None else last.sequence + 1
    try:
        with transaction.atomic():
            added = Promotion.objects.create(sequence=sequence, **facts)
    except IntegrityError as e:
        taken = Promotion.objects.filter(config_hash=facts["config_hash"], sequence=sequence)
        if not taken.exists():
            raise
        raise StageChanged("another step was taken at the same time") from e
    return get_promotion(added.pk)
