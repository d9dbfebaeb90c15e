from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from common.idempotency import Scope, StoredAnswer, find_record, keep_answer, prune_records
from common.models import IdempotencyRecord
from common.tests.factories import UserFactory

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
INSTANT = timedelta(microseconds=1)
ANSWER = StoredAnswer(status=201, headers={"Location": "/1/"}, body='{"b":1,"a":2}')


@pytest.fixture
def scope(db: None) -> Scope:
    return Scope(user_id=UserFactory.create().pk, method="POST", path="/runs/", key="k")


def keep(scope: Scope, *, at: datetime = NOW) -> IdempotencyRecord:
    return keep_answer(scope=scope, body_hash="0" * 64, answer=ANSWER, at=at)


class TestRecords:
    def test_are_found_in_their_scope_only(self, scope: Scope) -> None:
        record = keep(scope)

        assert find_record(scope=scope, at=NOW) == record
        for other in (
            Scope(user_id=UserFactory.create().pk, method="POST", path="/runs/", key="k"),
            Scope(user_id=scope.user_id, method="PUT", path="/runs/", key="k"),
            Scope(user_id=scope.user_id, method="POST", path="/orders/", key="k"),
            Scope(user_id=scope.user_id, method="POST", path="/runs/", key="K"),
        ):
            assert find_record(scope=other, at=NOW) is None

    def test_keep_the_order_of_the_answers_keys(self, scope: Scope) -> None:
        keep(scope)

        assert IdempotencyRecord.objects.get().body == '{"b":1,"a":2}'

    def test_are_unique_in_their_scope(self, scope: Scope) -> None:
        keep(scope)

        with pytest.raises(IntegrityError), transaction.atomic():
            keep(scope)

    def test_count_for_seven_days(self, scope: Scope) -> None:
        record = keep(scope)

        assert find_record(scope=scope, at=NOW + WEEK - INSTANT) == record
        assert find_record(scope=scope, at=NOW + WEEK) is None
        assert not IdempotencyRecord.objects.exists()

    def test_are_pruned_after_seven_days(self, scope: Scope) -> None:
        keep(scope)
        later = Scope(user_id=scope.user_id, method="POST", path="/runs/", key="later")
        kept = keep(later, at=NOW + INSTANT)

        assert prune_records(at=NOW + WEEK) == 1
        assert IdempotencyRecord.objects.get() == kept
