"""What is asked of strategies now, and what was asked before."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from common.domain.time import format_utc, to_ns
from trading.domain.confirmations import RequestState
from trading.domain.thresholds import THRESHOLDS, Threshold, get_threshold
from trading.exceptions import UnknownRequest
from trading.models import GateThreshold, ThresholdRequest


@dataclass(frozen=True, slots=True)
class InForce:
    """A threshold as it holds now.

    Parameters
    ----------
    rule
        What it bounds, and its default.
    row
        What it was last set to; None where it never was.
    """

    rule: Threshold
    row: GateThreshold | None

    @property
    def value(self) -> float:
        """What holds."""
        return self.rule.default if self.row is None else self.row.value

    @property
    def text(self) -> str:
        """What holds, as people write it."""
        return f"{self.value:g}"

    @property
    def default_text(self) -> str:
        """What holds by default, as people write it."""
        return f"{self.rule.default:g}"

    @property
    def sequence(self) -> int:
        """How often it was set."""
        return 0 if self.row is None else self.row.sequence

    @property
    def is_loosened(self) -> bool:
        """Whether less is asked than by default."""
        return self.rule.is_looser(self.value, self.rule.default)


def thresholds_in_force() -> dict[str, InForce]:
    """Return every threshold by its key, in the order of the gates; one query."""
    rows = {row.key: row for row in _newest()}
    return {key: InForce(rule, rows.get(key)) for key, rule in THRESHOLDS.items()}


def threshold_in_force(key: str) -> InForce:
    """Return one threshold.

    Raises
    ------
    UnknownThreshold
        If there is none of that name.
    """
    return InForce(get_threshold(key), _newest().filter(key=key).first())


def threshold_values() -> dict[str, float]:
    """Return what is asked now under every key."""
    return {key: each.value for key, each in thresholds_in_force().items()}


def threshold_history(key: str) -> QuerySet[GateThreshold]:
    """Return what a threshold was set to, the newest first; its default was there before."""
    return _rows().filter(key=key).order_by("-sequence")


def list_threshold_requests() -> QuerySet[ThresholdRequest]:
    """Return the requests to ask less, with who made and decided them."""
    return ThresholdRequest.objects.select_related("requested_by", "decided_by")


def get_threshold_request(number: int) -> ThresholdRequest:
    """Return a request.

    Raises
    ------
    UnknownRequest
        If there is none of that number.
    """
    found = list_threshold_requests().filter(pk=number).first()
    if found is None:
        raise UnknownRequest(f"no request {number} for a threshold", request=number)
    return found


def pending_thresholds() -> dict[str, ThresholdRequest]:
    """Return the pending request of each threshold that has one."""
    pending = list_threshold_requests().filter(state=RequestState.PENDING)
    return {request.key: request for request in pending}


def describe_threshold(each: InForce) -> dict[str, Any]:
    """Return a threshold as JSON values."""
    rule, row = each.rule, each.row
    return {
        "key": rule.key,
        "meaning": rule.meaning,
        "comparison": rule.comparison.value,
        "value": each.value,
        "default": rule.default,
        "is_loosened": each.is_loosened,
        "low": rule.low,
        "high": rule.high,
        "sequence": each.sequence,
        "changed_by": None if row is None else row.changed_by.username,
        "valid_from": None if row is None else format_utc(to_ns(row.valid_from)),
    }


def _newest() -> QuerySet[GateThreshold]:
    newer = GateThreshold.objects.filter(key=OuterRef("key"), sequence__gt=OuterRef("sequence"))
    return _rows().filter(~Exists(newer))


def _rows() -> QuerySet[GateThreshold]:
    return GateThreshold.objects.select_related("changed_by", "confirmed_by")
