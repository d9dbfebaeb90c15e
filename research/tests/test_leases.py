"""A run is had by one process at a time, for a while, and lost with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.domain.enums import RunStatus
from research.exceptions import RunNotRunning
from research.models import Run
from research.services import leases, ledger, queue
from research.services.owners import process_name
from research.tests.conftest import Ask

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AFTER = NOON + timedelta(seconds=30.001)


@pytest.fixture
def run(enqueue: Ask) -> Any:
    return enqueue()


@pytest.fixture
def taken(run: Run) -> Any:
    return leases.claim(run_id=run.pk, at=NOON)


def row(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


class TestClaim:
    def test_takes_a_queued_run_for_thirty_seconds(self, run: Run) -> None:
        taken = leases.claim(run_id=run.pk, at=NOON)

        assert taken is not None
        assert (taken.status, taken.attempt) == (RunStatus.RUNNING, 1)
        assert (taken.owner, taken.started_at) == (process_name(), NOON)
        assert taken.lease_until == NOON + timedelta(seconds=30)

    def test_takes_no_run_twice(self, taken: Run) -> None:
        assert leases.claim(run_id=taken.pk, at=NOON) is None
        assert row(taken).attempt == 1

    def test_takes_no_run_that_is_canceled(self, run: Run) -> None:
        queue.cancel(run_id=run.pk, at=NOON)

        assert leases.claim(run_id=run.pk, at=NOON) is None

    def test_takes_no_run_that_is_not_there(self) -> None:
        assert leases.claim(run_id=999, at=NOON) is None


class TestExtend:
    def test_moves_the_end_and_notes_the_progress(self, taken: Run) -> None:
        leases.extend(run=taken, progress=0.25, at=NOON + timedelta(seconds=5))

        assert row(taken).lease_until == NOON + timedelta(seconds=35)
        assert row(taken).progress == 0.25

    def test_is_refused_once_the_run_is_lost(self, taken: Run) -> None:
        leases.lose_expired(at=AFTER)

        with pytest.raises(RunNotRunning):
            leases.extend(run=taken, progress=0.5, at=AFTER)
        assert row(taken).status == RunStatus.QUEUED

    def test_is_refused_once_another_attempt_has_begun(self, taken: Run) -> None:
        leases.lose_expired(at=AFTER)
        leases.claim(run_id=taken.pk, at=AFTER)

        with pytest.raises(RunNotRunning):
            leases.extend(run=taken, progress=0.5, at=AFTER)
        with pytest.raises(RunNotRunning):
            leases.is_cancel_requested(run=taken)
        with pytest.raises(RunNotRunning):
            ledger.end_run(run=taken, outcome=ledger.Outcome(status=RunStatus.CANCELED), at=AFTER)
        assert (row(taken).status, row(taken).attempt) == (RunStatus.RUNNING, 2)


class TestLoseExpired:
    def test_leaves_a_run_alone_while_its_lease_lasts(self, taken: Run) -> None:
        assert leases.lose_expired(at=NOON + timedelta(seconds=30)) == []
        assert row(taken).status == RunStatus.RUNNING

    def test_puts_a_run_back_the_first_time(self, taken: Run) -> None:
        assert leases.lose_expired(at=AFTER) == [taken.pk]

        again = row(taken)
        assert (again.status, again.attempt, again.owner) == (RunStatus.QUEUED, 1, "")
        assert (again.lease_until, again.started_at, again.progress) == (None, None, 0.0)

    def test_fails_a_run_the_second_time_and_names_the_worker(self, taken: Run) -> None:
        leases.lose_expired(at=AFTER)
        leases.claim(run_id=taken.pk, at=AFTER)
        later = AFTER + timedelta(seconds=31)

        assert leases.lose_expired(at=later) == []

        lost = row(taken)
        assert (lost.status, lost.error_code) == (RunStatus.FAILED, "worker_lost")
        assert process_name() in lost.error_detail
        assert (lost.finished_at, lost.lease_until, lost.attempt) == (later, None, 2)

    def test_cancels_a_run_whose_end_was_asked_for(self, taken: Run) -> None:
        queue.cancel(run_id=taken.pk, at=NOON)

        leases.lose_expired(at=AFTER)

        assert row(taken).status == RunStatus.CANCELED

    def test_does_nothing_to_a_lease_that_was_just_extended(self, taken: Run) -> None:
        seen = row(taken)
        leases.extend(run=taken, progress=0.1, at=AFTER)

        assert not leases.lose(run=seen, detail="late", at=AFTER)
        assert (row(taken).status, row(taken).progress) == (RunStatus.RUNNING, 0.1)


class TestRelease:
    def test_does_not_count_as_an_attempt(self, taken: Run) -> None:
        assert leases.release(run=taken)

        assert (row(taken).status, row(taken).attempt) == (RunStatus.QUEUED, 0)


class TestRows:
    @pytest.mark.parametrize(
        "facts",
        [
            {"owner": "host/1/1"},
            {"started_at": NOON},
            {"lease_until": NOON},
            {"progress": 1.5},
            {"status": RunStatus.RUNNING},
            {"status": RunStatus.SUCCEEDED, "finished_at": NOON},
        ],
    )
    def test_that_contradict_themselves_are_refused(self, run: Run, facts: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Run.objects.filter(pk=run.pk).update(**facts)
