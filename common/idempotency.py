"""Records of requests that take effect once: find, keep and remove them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from common.models import IdempotencyRecord


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a key is unique within, with the key."""

    user_id: int
    method: str
    path: str
    key: str

    @property
    def lock_name(self) -> str:
        """The name under which the running request is locked."""
        return f"idempotency\0{self.user_id}\0{self.method}\0{self.path}\0{self.key}"


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """A response as it is kept: JSON text, and the headers that the view set."""

    status: int
    headers: dict[str, str]
    body: str


def find_record(*, scope: Scope, at: datetime) -> IdempotencyRecord | None:
    """Return the answer kept for a request; an expired one is removed and counts as none."""
    record = IdempotencyRecord.objects.filter(
        user_id=scope.user_id, method=scope.method, path=scope.path, key=scope.key
    ).first()
    if record is not None and record.created_at <= _expiry(at):
        record.delete()
        return None
    return record


def keep_answer(
    *, scope: Scope, body_hash: str, answer: StoredAnswer, at: datetime
) -> IdempotencyRecord:
    """Keep the answer; call it in the transaction of the effect."""
    return IdempotencyRecord.objects.create(
        user_id=scope.user_id,
        method=scope.method,
        path=scope.path,
        key=scope.key,
        body_hash=body_hash,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        created_at=at,
    )


def prune_records(*, at: datetime) -> int:
    """Remove the records whose days of keeping are over; return how many."""
    removed, _ = IdempotencyRecord.objects.filter(created_at__lte=_expiry(at)).delete()
    return removed


def _expiry(at: datetime) -> datetime:
    return at - timedelta(days=settings.PLATFORM.api.idempotency_days)
