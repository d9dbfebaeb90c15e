"""Changes of what is asked of strategies: more at once, less after a second look."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from common.locks import locked
from trading.domain.confirmations import RequestState, check_second_look
from trading.exceptions import (
    AlreadyDecided,
    AlreadyRequested,
    ThresholdChanged,
    ThresholdUnchanged,
    UnknownRequest,
)
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import InForce, get_threshold_request, threshold_in_force
from trading.services.authority import SET_THRESHOLDS, given_reason, remark, require


@transaction.atomic
def change(
    *, key: str, value: float, user: User, reason: str, at: datetime
) -> GateThreshold | ThresholdRequest:
    """Set a threshold: at once if that asks more, else return the request that waits.

    Raises
    ------
    NotPermitted, ReasonMissing
        If the user may not, or does not say why.
    UnknownThreshold, InvalidThreshold
        If there is none of that name, or the value is out of its bounds.
    ThresholdUnchanged
        If it has that value.
    AlreadyRequested
        If a request to ask less is pending, and this would be another.
    ThresholdChanged
        If another changed it at the same time.
    """
    require(user, SET_THRESHOLDS)
    said = given_reason(reason)
    now = threshold_in_force(key)
    now.rule.check(value)
    if value == now.value:
        raise ThresholdUnchanged(f"{key} is {value:g} already", threshold=key)
    if now.rule.is_looser(value, now.value):
        return _add_request(
            key=key,
            from_value=now.value,
            from_sequence=now.sequence,
            to_value=value,
            requested_by=user,
            reason=said,
            requested_at=at,
        )
    return _add_threshold(now, value=value, changed_by=user, reason=said, valid_from=at)


@transaction.atomic
def confirm(*, request_id: int, user: User, at: datetime, reason: str = "") -> GateThreshold:
    """Ask less, as was requested.

    Raises
    ------
    NotPermitted
        If the user may not.
    UnknownRequest, AlreadyDecided
        If there is no such request, or none that waits.
    ConfirmedTooSoon
        If it is the one who asked, before ten minutes are over.
    ThresholdChanged
        If it was set to something else since.
    """
    require(user, SET_THRESHOLDS)
    request = _lock_pending(request_id)
    check_second_look(
        asked_by=request.requested_by_id,
        asked_at=request.requested_at,
        confirmed_by=user.pk,
        at=at,
    )
    now = threshold_in_force(request.key)
    if now.sequence != request.from_sequence:
        raise ThresholdChanged(
            f"{request.key} is {now.value:g} now, not {request.from_value:g} as when {request}"
            " was made",
            threshold=request.key,
        )
    now.rule.check(request.to_value)
    _decide(request, RequestState.APPROVED, user=user, at=at, reason=remark(reason))
    return _add_threshold(
        now,
        value=request.to_value,
        request=request,
        changed_by_id=request.requested_by_id,
        confirmed_by=user,
        reason=request.reason,
        valid_from=at,
    )


@transaction.atomic
def decline(*, request_id: int, user: User, at: datetime, reason: str) -> ThresholdRequest:
    """Refuse to ask less, or withdraw one's own request.

    Raises
    ------
    NotPermitted, ReasonMissing
        If the user may not, or does not say why.
    UnknownRequest, AlreadyDecided
        If there is no such request, or none that waits.
    """
    require(user, SET_THRESHOLDS)
    said = given_reason(reason)
    request = _lock_pending(request_id)
    _decide(request, RequestState.DECLINED, user=user, at=at, reason=said)
    return get_threshold_request(request.pk)


def _lock_pending(request_id: int) -> ThresholdRequest:
    # Locked before it is looked at: of two who decide, the second sees what the first did.
    request = locked(ThresholdRequest.objects.filter(pk=request_id)).first()
    if request is None:
        raise UnknownRequest(f"no request {request_id} for a threshold", request=request_id)
    if request.state != RequestState.PENDING:
        raise AlreadyDecided(f"{request} is {request.state}", request=request.pk)
    return request


def _decide(
    request: ThresholdRequest, state: RequestState, *, user: User, at: datetime, reason: str
) -> None:
    pending = ThresholdRequest.objects.filter(pk=request.pk, state=RequestState.PENDING)
    changed = pending.update(
        state=state.value, decided_by=user, decided_at=at, decision_reason=reason, updated_at=at
    )
    if not changed:
        raise AlreadyDecided(f"{request} was decided meanwhile", request=request.pk)


def _add_request(**facts: Any) -> ThresholdRequest:
    same = ThresholdRequest.objects.filter(key=facts["key"], state=RequestState.PENDING)
    if (pending := same.first()) is not None:
        raise AlreadyRequested(f"{pending} is pending", request=pending.pk)
    try:
        with transaction.atomic():
            added = ThresholdRequest.objects.create(**facts)
    except IntegrityError as e:
        # Another asked for the same at the same time; anything else is a mistake of ours.
        if (pending := same.first()) is None:
            raise
        raise AlreadyRequested(f"{pending} is pending", request=pending.pk) from e
    return get_threshold_request(added.pk)


def _add_threshold(now: InForce, **facts: Any) -> GateThreshold:
    key, sequence = now.rule.key, now.sequence + 1
    try:
        with transaction.atomic():
            return GateThreshold.objects.create(
                key=key, sequence=sequence, comparison=now.rule.comparison.value, **facts
            )
    except IntegrityError as e:
        taken = GateThreshold.objects.filter(key=key, sequence=sequence)
        if not taken.exists():
            raise
        raise ThresholdChanged(f"{key} was changed at the same time", threshold=key) from e
