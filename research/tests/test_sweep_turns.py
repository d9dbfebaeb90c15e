"""Sweeps of workers beside other work, and beside workers of another release."""

from typing import Any

import pytest

from common.data_pipeline.store import SeriesStore
from common.domain.enums import RunStatus
from research.domain.examination_question import ExaminationQuestion
from research.exceptions import Canceled, NotExaminable
from research.models import Job, Run, Sweep, SweepChunk, Trial
from research.services import queue, sweep_chunks, sweeps
from research.services.job_queue import cancel_job, do_job, enqueue_examination
from research.services.sweep_queue import enqueue_sweep, work_on_sweep
from research.services.sweeps import begin_queued
from research.tests.brokers import FakeBroker
from research.tests.test_sweep_queue import NOON, means, question

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine("vectorbt")]


@pytest.fixture
def queued(store: SeriesStore, fake_broker: FakeBroker) -> Sweep:
    return enqueue_sweep(question=question(), user_id=None)


def test_a_run_that_waits_has_its_turn_after_a_chunk(
    store: SeriesStore, queued: Sweep, fake_broker: FakeBroker
) -> None:
    run = queue.enqueue(question=question().question, user_id=None)
    fake_broker.sweeps.clear()

    work_on_sweep(sweep_id=queued.pk, means=means(store))
    assert Trial.objects.count() == 1
    assert queued.pk in fake_broker.sweeps

    queue.cancel(run_id=run.pk, at=NOON)
    work_on_sweep(sweep_id=queued.pk, means=means(store))
    assert Sweep.objects.get().status == RunStatus.SUCCEEDED


class TestOtherCode:
    @pytest.fixture
    def begun(self, store: SeriesStore, queued: Sweep, monkeypatch: pytest.MonkeyPatch) -> Sweep:
        sweep = begin_queued(sweep=Sweep.objects.get(pk=queued.pk), means=means(store))
        monkeypatch.setattr(sweeps, "code_hash", lambda: "another")
        return sweep

    def test_leaves_a_sweep_to_those_that_are_at_it(
        self, store: SeriesStore, begun: Sweep
    ) -> None:
        assert sweep_chunks.take(begun, at=NOON, is_leased=True) is not None

        work_on_sweep(sweep_id=begun.pk, means=means(store))

        assert Sweep.objects.get().status == RunStatus.RUNNING
        assert SweepChunk.objects.filter(state="TAKEN").count() == 1

    def test_ends_one_that_nobody_is_at(self, store: SeriesStore, begun: Sweep) -> None:
        work_on_sweep(sweep_id=begun.pk, means=means(store))

        done = Sweep.objects.get()
        assert (done.status, done.error_code) == (RunStatus.FAILED, "sweep_differs")


class TestExaminations:
    def test_of_a_sweep_that_runs_are_refused_when_asked(self, queued: Sweep) -> None:
        with pytest.raises(NotExaminable, match="only what succeeded"):
            enqueue_examination(
                subject=queued, question=ExaminationQuestion(tool="overfitting"), user_id=None
            )

        assert not Job.objects.exists()

    def test_of_a_run_that_waits_are_refused_when_asked(self, queued: Sweep) -> None:
        run = queue.enqueue(question=question().question, user_id=None)

        with pytest.raises(NotExaminable, match="is QUEUED"):
            enqueue_examination(
                subject=run, question=ExaminationQuestion(tool="regimes"), user_id=None
            )


def test_a_canceled_job_keeps_how_far_it_was(
    store: SeriesStore, ask: Any, fake_broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Run = ask()
    job = enqueue_examination(
        subject=run, question=ExaminationQuestion(tool="regimes"), user_id=None
    )

    def stop_half_way(**_: Any) -> Any:
        Job.objects.update(progress=0.5)
        cancel_job(job_id=job.pk, at=NOON)
        raise Canceled("canceled before it was done")

    monkeypatch.setattr("research.services.examinations.examine", stop_half_way)
    done = do_job(job_id=job.pk, means=means(store))

    assert done is not None
    assert (done.status, done.progress) == (RunStatus.CANCELED, 0.5)
