"""Whether a person may do what he asks for, whichever way he comes."""

from typing import Final

from django.contrib.auth.models import User

from common.domain.errors import NotPermitted
from trading.domain.confirmations import LONGEST_REASON
from trading.exceptions import ReasonMissing

REQUEST: Final = "trading.add_promotionrequest"
DECIDE: Final = "trading.add_promotion"
SET_THRESHOLDS: Final = "trading.add_gatethreshold"


def require(user: User, permission: str) -> None:
    """Refuse who lacks the permission.

    Raises
    ------
    NotPermitted
        If he does; an inactive user lacks every one.
    """
    if not user.has_perm(permission):
        raise NotPermitted(
            f"{user.get_username()} may not do that: {permission} is missing",
            permission=permission,
        )


def given_reason(reason: str) -> str:
    """Return a reason without the space around it.

    Raises
    ------
    ReasonMissing
        If nothing is left, or too much.
    """
    text = remark(reason)
    if not text:
        raise ReasonMissing("a reason is needed")
    return text


def remark(text: str) -> str:
    """Return what may be said besides, without the space around it.

    Raises
    ------
    ReasonMissing
        If it is too long to be kept.
    """
    kept = text.strip()
    if len(kept) > LONGEST_REASON:
        raise ReasonMissing(
            f"a reason has at most {LONGEST_REASON} characters, this one has {len(kept)}"
        )
    return kept
