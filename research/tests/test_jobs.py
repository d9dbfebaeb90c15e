"""Comparisons, verdicts and examinations in workers: as at a terminal, ended once, never lost."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction

from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument, PlatformError
from common.domain.timeframe import Timeframe
from research.compute import job as compute_job
from research.domain.examination_question import ExaminationQuestion
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.search import Search
from research.domain.sweep import SweepQuestion
from research.domain.validation_question import ValidationQuestion
from research.exceptions import JobNotCancelable
from research.models import Comparison, Job, Run, Sweep, Validation
from research.services import examinations, execution, job_keeping, job_queue, leases
from research.services.comparisons import ComparisonQuestion
from research.services.execution import Execution
from research.services.job_documents import validation_from_json, validation_to_json
from research.services.job_keeping import JobKeeper
from research.services.job_queue import (
    cancel_job,
    do_job,
    enqueue_comparison,
    enqueue_examination,
    enqueue_validation,
)
from research.services.means import Means
from research.services.recovery import recover
from research.services.validations import validate
from research.tests.brokers import FakeBroker
from research.tests.conftest import KEY, Ask

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("emptied"),
    pytest.mark.engine("vectorbt"),
    pytest.mark.timeout(120),
]
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
ASKED = RunQuestion(
    strategy_key="sma_cross",
    engine="vectorbt",
    instrument=KEY.instrument,
    timeframe=Timeframe.H1,
)
VERDICT = ValidationQuestion(
    sweep=SweepQuestion(
        question=ASKED, grid=Grid.parse(("fast=2:5:1", "slow=8,20")), min_round_trips=1
    ),
    parity_bars=200,
)


def means(store: SeriesStore, **changes: Any) -> Means:
    return Means(store=store, clock=SystemClock(), is_worker=True, **changes)


@pytest.fixture
def queued(store: SeriesStore, fake_broker: FakeBroker) -> Job:
    return enqueue_validation(asked=VERDICT, user_id=None)


@pytest.mark.both_databases
class TestVerdict:
    def test_is_that_of_a_terminal(
        self, store: SeriesStore, queued: Job, fake_broker: FakeBroker
    ) -> None:
        assert fake_broker.jobs == [queued.pk]
        here = validate(question=VERDICT, means=Means(store=store, clock=SystemClock()))

        done = do_job(job_id=queued.pk, means=means(store))

        assert done is not None
        assert (done.status, done.error_detail) == (RunStatus.SUCCEEDED, "")
        there = done.validation
        assert there is not None
        assert (there.params, there.passed) == (here.params, here.passed)
        # The trials of the first are counted by both, once.
        assert there.n_trials == here.n_trials
        assert there.gates == here.gates
        assert there.run is not None
        assert there.run.result_hash == here.run.result_hash  # type: ignore[union-attr]
        assert done.step.startswith("delaying it")

    def test_leaves_nothing_that_waits(self, store: SeriesStore, queued: Job) -> None:
        do_job(job_id=queued.pk, means=means(store))

        assert not Run.objects.exclude(status=RunStatus.SUCCEEDED).exists()
        assert not Sweep.objects.exclude(status=RunStatus.SUCCEEDED).exists()


@pytest.mark.engine("nautilus")
def test_a_comparison_runs_each_engine(store: SeriesStore, fake_broker: FakeBroker) -> None:
    asked = ComparisonQuestion(question=ASKED, engines=("vectorbt", "nautilus"))
    queued = enqueue_comparison(asked=asked, user_id=None)

    done = do_job(job_id=queued.pk, means=means(store))

    assert done is not None
    assert (done.status, done.error_detail) == (RunStatus.SUCCEEDED, "")
    assert done.comparison is not None
    assert done.comparison.verdict == "EQUAL"
    assert done.comparison.runs.count() == 2


@pytest.mark.parametrize("tool", ["regimes", "look_ahead"])
def test_an_examination_finds_what_a_terminal_finds(
    store: SeriesStore, ask: Ask, fake_broker: FakeBroker, tool: str
) -> None:
    run, question = ask(), ExaminationQuestion(tool=tool)
    here = examinations.examine(
        checked=examinations.check(subject=run, question=question),
        means=Means(store=store, clock=SystemClock()),
    )

    queued = enqueue_examination(subject=run, question=question, user_id=None)
    done = do_job(job_id=queued.pk, means=means(store))

    assert done is not None
    assert (done.status, done.error_detail) == (RunStatus.SUCCEEDED, "")
    there = done.examination
    assert there is not None
    assert (there.values, there.sentence, there.passed) == (
        here.values,
        here.sentence,
        here.passed,
    )


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"strategy_key": "nobody"}, "unknown strategy"),
            ({"engine": "nobody"}, "nobody"),
            ({"params": {"fast": 0}}, "parameter fast is 0"),
            ({"timeframe": Timeframe.D1}, "not stored"),
        ],
    )
    def test_come_before_there_is_a_row(
        self, store: SeriesStore, fake_broker: FakeBroker, change: dict[str, Any], words: str
    ) -> None:
        sweep = replace(
            VERDICT.sweep, question=replace(ASKED, **change), grid=Grid.parse(("slow=30,40",))
        )

        with pytest.raises(PlatformError, match=words):
            enqueue_validation(asked=replace(VERDICT, sweep=sweep), user_id=None)

        assert not Job.objects.exists()


class TestEnd:
    def test_of_a_waiting_job_comes_at_once(self, store: SeriesStore, queued: Job) -> None:
        ended = cancel_job(job_id=queued.pk, at=NOON)

        assert (ended.status, ended.error_code) == (RunStatus.CANCELED, "canceled")
        assert do_job(job_id=queued.pk, means=means(store)) is None
        with pytest.raises(JobNotCancelable, match="has ended: CANCELED"):
            cancel_job(job_id=queued.pk, at=NOON)

    def test_of_a_running_job_ends_all_that_is_under_way(
        self, store: SeriesStore, queued: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(JobKeeper, "say", _cancel_at("trying its neighbours"))

        done = do_job(job_id=queued.pk, means=means(store))

        assert done is not None
        assert (done.status, done.error_code) == (RunStatus.CANCELED, "canceled")
        assert not Validation.objects.exists()
        assert not Sweep.objects.filter(status=RunStatus.RUNNING).exists()
        assert not Run.objects.filter(status=RunStatus.RUNNING).exists()

    def test_in_its_last_run_makes_nothing(
        self, store: SeriesStore, fake_broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queued = enqueue_comparison(
            asked=ComparisonQuestion(question=ASKED, engines=("vectorbt",)), user_id=None
        )
        monkeypatch.setattr(compute_job, "_SAMPLE_SECONDS", 0.0)
        monkeypatch.setattr(execution, "_LOOK_SECONDS", 0.0)
        monkeypatch.setattr(job_keeping, "_LOOK_SECONDS", 0.0)
        monkeypatch.setattr(Execution, "_prepare", _canceled_before(Execution._prepare))

        done = do_job(job_id=queued.pk, means=means(store))

        assert done is not None
        assert (done.status, done.error_code) == (RunStatus.CANCELED, "canceled")
        assert not Comparison.objects.exists()
        assert Run.objects.get().status == RunStatus.CANCELED

    def test_of_its_worker_puts_it_back(self, store: SeriesStore, queued: Job) -> None:
        asked = iter([False] * 2)

        done = do_job(job_id=queued.pk, means=means(store, is_stopping=lambda: next(asked, True)))

        assert done is not None
        assert done.error_detail == ""
        assert (done.status, done.attempt, done.owner) == (RunStatus.QUEUED, 0, "")
        assert not Sweep.objects.filter(status=RunStatus.RUNNING).exists()

    def test_by_an_error_is_told(
        self, store: SeriesStore, queued: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def raise_it(**_: Any) -> Any:
            raise ZeroDivisionError("a bug")

        monkeypatch.setattr(job_queue, "validate", raise_it)
        with pytest.raises(ZeroDivisionError):
            do_job(job_id=queued.pk, means=means(store))

        done = Job.objects.get()
        assert (done.status, done.error_code) == (RunStatus.FAILED, "unexpected_failure")
        assert "ZeroDivisionError: a bug" in done.error_detail

    def test_is_never_changed(self, queued: Job) -> None:
        cancel_job(job_id=queued.pk, at=NOON)

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Job.objects.filter(pk=queued.pk).update(step="once more")


class TestDatabaseAway:
    def test_is_no_reason_to_end_a_job(
        self, store: SeriesStore, queued: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(**_: Any) -> Any:
            raise OperationalError("the connection is closed")

        monkeypatch.setattr(job_keeping, "_LOOK_SECONDS", 0.0)
        monkeypatch.setattr(leases, "is_cancel_requested", refuse)
        keeper = JobKeeper(queued, clock=SystemClock(), is_stopping=lambda: False)

        assert keeper.is_stopping() is False


class TestLostWorker:
    def test_a_job_is_begun_anew_once(self, queued: Job, fake_broker: FakeBroker) -> None:
        at = NOON
        for attempt in (1, 2):
            taken = leases.claim_job(job_id=queued.pk, at=at)
            assert taken is not None
            assert taken.attempt == attempt
            at += timedelta(seconds=31)
            fake_broker.jobs.clear()
            recover(at=at)

        done = Job.objects.get()
        assert (done.status, done.error_code) == (RunStatus.FAILED, "worker_lost")

    def test_a_long_step_keeps_the_lease(
        self, store: SeriesStore, queued: Job, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compute = settings.PLATFORM.compute.model_copy(update={"heartbeat_seconds": 0.1})
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"compute": compute})
        seen: list[datetime | None] = []

        def wait(**_asked: Any) -> Any:
            for _ in range(2):
                seen.append(Job.objects.get().lease_until)
                time.sleep(0.3)
            raise ZeroDivisionError

        monkeypatch.setattr(job_queue, "validate", wait)
        with pytest.raises(ZeroDivisionError):
            do_job(job_id=queued.pk, means=means(store))

        first, second = seen
        assert first is not None
        assert second is not None
        assert second > first


def test_a_row_keeps_the_question() -> None:
    asked = replace(VERDICT, choice={"fast": "3", "slow": "8"}, prior_trials=7)

    assert validation_from_json(validation_to_json(asked)) == asked


def _canceled_before(real: Callable[..., Any]) -> Callable[..., Any]:
    def act(*args: Any) -> Any:
        Job.objects.update(cancel_requested_at=NOON)
        return real(*args)

    return act


def _cancel_at(step: str) -> Callable[[Any, str], None]:
    def say(self: Any, said: str) -> None:
        if said == step:
            Job.objects.update(cancel_requested_at=NOON)

    return say


def test_a_verdict_needs_sets_that_were_tried_whole() -> None:
    search = Search(method="tpe", n_trials=5, pruning=True)

    with pytest.raises(InvalidArgument, match="tried on all bars"):
        replace(VERDICT, sweep=replace(VERDICT.sweep, search=search))
