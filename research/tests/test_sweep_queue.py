"""Sweeps of workers: in turns, by any number of them, paused, ended, and never lost."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from research.compute import job
from research.compute.exceptions import WorkerLost
from research.domain.grid import Grid
from research.domain.search import Search
from research.domain.sweep import SweepQuestion
from research.exceptions import SweepNotRunning
from research.models import Sweep, SweepChunk, Trial
from research.services import sweep_chunks, sweep_queue, sweep_results
from research.services.benches import ChildBench
from research.services.means import Means
from research.services.recovery import recover
from research.services.sweep_queue import (
    cancel_sweep,
    enqueue_sweep,
    pause_sweep,
    resume_sweep,
    work_on_sweep,
)
from research.services.sweep_trying import Trying
from research.services.sweeps import begin_queued, run_sweep
from research.tests.brokers import FakeBroker
from research.tests.test_searches import question as search_question
from trading.services.catalogue import sync_strategies

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("emptied"),
    pytest.mark.engine("vectorbt"),
]
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def question(**changes: Any) -> SweepQuestion:
    grid = Grid.parse(("fast=2:7:1", "slow=8,20"))
    asked = search_question().question
    usual = {"question": asked, "grid": grid, "min_round_trips": 1, "budget_bytes": 1}
    return SweepQuestion(**{**usual, **changes})


def means(store: SeriesStore, **changes: Any) -> Means:
    return Means(store=store, clock=SystemClock(), is_worker=True, **changes)


@pytest.fixture
def queued(store: SeriesStore, fake_broker: FakeBroker) -> Sweep:
    return enqueue_sweep(question=question(), user_id=None)


class TestEnqueue:
    def test_writes_a_row_that_waits(self, queued: Sweep, fake_broker: FakeBroker) -> None:
        assert (queued.status, queued.n_sets, queued.is_shared) == (RunStatus.QUEUED, 12, True)
        assert (queued.dataset, queued.chunks.count()) == (None, 0)
        assert fake_broker.sweeps == [queued.pk]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"grid": Grid.parse(("fast=0:7:1",))}, "parameter fast is '0'"),
            ({"grid": Grid.parse(("quick=1,2",))}, "unknown parameter 'quick'"),
            (
                {"question": replace(search_question().question, params={"fast": 3})},
                "fast is both fixed and on the grid",
            ),
            ({"search": Search(method="bayes", n_trials=3)}, "bayes"),
        ],
    )
    def test_refuses_what_can_be_told_without_the_strategy(
        self, store: SeriesStore, fake_broker: FakeBroker, changes: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(PlatformError, match=words):
            enqueue_sweep(question=question(**changes), user_id=None)

        assert not Sweep.objects.exists()
        assert fake_broker.sweeps == []


class TestWorker:
    def test_does_what_a_terminal_does(self, store: SeriesStore, queued: Sweep) -> None:
        work_on_sweep(sweep_id=queued.pk, means=means(store))

        done = Sweep.objects.get()
        assert (done.status, done.error_detail) == (RunStatus.SUCCEEDED, "")
        assert [*done.trials.order_by("number").values_list("number", flat=True)] == [*range(12)]
        assert not done.trials.filter(value=None).exists()
        assert set(done.chunks.values_list("state", "owner")) == {("DONE", "")}
        assert (done.peak_rss_bytes or 0) > 10_000_000

    def test_gives_others_their_turn(
        self,
        store: SeriesStore,
        queued: Sweep,
        fake_broker: FakeBroker,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sweep_queue, "_SITTING_SECONDS", 0.01)
        fake_broker.sweeps.clear()

        work_on_sweep(sweep_id=queued.pk, means=means(store))

        assert Trial.objects.count() == 1
        # One word so that another may join, one in its own place.
        assert fake_broker.sweeps == [queued.pk, queued.pk]
        sittings = 1
        while Sweep.objects.get().status == RunStatus.RUNNING:
            sittings += 1
            work_on_sweep(sweep_id=queued.pk, means=means(store))
        assert sittings == 12
        assert Trial.objects.count() == 12

    def test_a_failure_is_said_and_ends_it(
        self,
        store: SeriesStore,
        queued: Sweep,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(job, "_SAMPLE_SECONDS", 0.0)
        settings.PLATFORM = settings.PLATFORM.model_copy(
            update={"compute": settings.PLATFORM.compute.model_copy(update={"job_seconds": 0.0})}
        )

        work_on_sweep(sweep_id=queued.pk, means=means(store))

        done = Sweep.objects.get()
        assert (done.status, done.error_code) == (RunStatus.FAILED, "time_limit_exceeded")

    @pytest.mark.parametrize("step", ["survey", "try_sets"])
    def test_a_bug_ends_it_and_is_not_met_again(
        self, store: SeriesStore, queued: Sweep, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        def fail(*_: Any) -> Any:
            raise ZeroDivisionError("a bug")

        monkeypatch.setattr(ChildBench, step, fail)
        with pytest.raises(ZeroDivisionError):
            work_on_sweep(sweep_id=queued.pk, means=means(store))

        done = Sweep.objects.get()
        assert (done.status, done.error_code) == (RunStatus.FAILED, "unexpected_failure")
        assert "ZeroDivisionError: a bug" in done.error_detail

    def test_a_database_that_refuses_does_not_end_it(
        self, store: SeriesStore, queued: Sweep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: Any, **_named: Any) -> Any:
            raise OperationalError("database is locked")

        with monkeypatch.context() as patch:
            patch.setattr(sweep_results, "write", fail)
            with pytest.raises(OperationalError):
                work_on_sweep(sweep_id=queued.pk, means=means(store))

        assert Sweep.objects.get().status == RunStatus.RUNNING
        recover(at=datetime.now(UTC) + timedelta(seconds=31))
        work_on_sweep(sweep_id=queued.pk, means=means(store))
        assert Sweep.objects.get().status == RunStatus.SUCCEEDED

    def test_that_loses_a_chunk_sees_the_others_through(
        self, store: SeriesStore, fake_broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = Trying.results, 0

        def results(self: Any, chunk: SweepChunk) -> Any:
            nonlocal calls
            calls += 1
            found = real(self, chunk)
            if calls == 3:
                # It took so long that its lease ran out, and somebody saw to it.
                sweep_chunks.reopen_lost(at=datetime.now(UTC) + timedelta(seconds=31))
            return found

        monkeypatch.setattr(Trying, "results", results)
        done = run_sweep(question=question(), means=means(store))

        assert (done.status, calls) == (RunStatus.SUCCEEDED, 13)
        assert done.trials.count() == 12

    def test_ends_and_leaves_its_chunk_to_others(self, store: SeriesStore, queued: Sweep) -> None:
        asked = iter([False, False, True])

        work_on_sweep(
            sweep_id=queued.pk, means=means(store, is_stopping=lambda: next(asked, True))
        )

        assert Sweep.objects.get().status == RunStatus.RUNNING
        assert set(SweepChunk.objects.values_list("state", flat=True)) <= {"OPEN", "DONE"}
        work_on_sweep(sweep_id=queued.pk, means=means(store))
        assert Sweep.objects.get().status == RunStatus.SUCCEEDED


class TestChunks:
    def test_are_taken_once(self, store: SeriesStore, queued: Sweep) -> None:
        sweep = _begun(store, queued)

        taken = [sweep_chunks.take(sweep, at=NOON, is_leased=True) for _ in range(13)]

        assert [chunk and chunk.index for chunk in taken] == [*range(12), None]

    @pytest.mark.both_databases
    def test_are_taken_once_by_two_at_one_moment(self, store: SeriesStore, queued: Sweep) -> None:
        sweep, taken = _begun(store, queued), list[int]()

        def take() -> None:
            chunk = sweep_chunks.take(sweep, at=NOON, is_leased=True)
            taken.append(-1 if chunk is None else chunk.index)
            connection.close()

        with transaction.atomic():
            first = sweep_chunks.take(sweep, at=NOON, is_leased=True)
            other = threading.Thread(target=take)
            other.start()
            # Until it waits for what is not written yet.
            other.join(0.5)
        other.join()

        assert first is not None
        assert (first.index, taken) == (0, [1])

    @pytest.mark.both_databases
    def test_given_to_others_are_not_kept(self, store: SeriesStore, queued: Sweep) -> None:
        sweep, raised = _begun(store, queued), list[str]()
        chunk = sweep_chunks.take(sweep, at=NOON, is_leased=True)
        assert chunk is not None

        def extend() -> None:
            try:
                sweep_chunks.extend(chunk, at=NOON)
            except SweepNotRunning as error:
                raised.append(error.code)
            connection.close()

        with transaction.atomic():
            sweep_chunks.reopen_lost(at=NOON + timedelta(seconds=31))
            late = threading.Thread(target=extend)
            late.start()
            late.join(0.5)
        late.join()

        assert raised == ["sweep_not_running"]
        assert SweepChunk.objects.get(pk=chunk.pk).lease_until is None

    @pytest.mark.parametrize(("is_lost", "attempt"), [(True, 2), (False, 1)])
    def test_given_back_in_an_orderly_way_count_as_not_begun(
        self, store: SeriesStore, queued: Sweep, is_lost: bool, attempt: int
    ) -> None:
        sweep = _begun(store, queued)
        chunk = sweep_chunks.take(sweep, at=NOON, is_leased=True)
        assert chunk is not None

        sweep_chunks.give_back(chunk, is_lost=is_lost)

        again = sweep_chunks.take(sweep, at=NOON, is_leased=True)
        assert again is not None
        assert (again.index, again.attempt) == (0, attempt)

    def test_of_a_lost_worker_are_given_back(
        self, store: SeriesStore, queued: Sweep, fake_broker: FakeBroker
    ) -> None:
        sweep = _begun(store, queued)
        chunk = sweep_chunks.take(sweep, at=NOON, is_leased=True)
        assert chunk is not None
        fake_broker.sweeps.clear()

        assert sweep_chunks.reopen_lost(at=NOON + timedelta(seconds=29)) == []
        assert not sweep_chunks.held(chunk).filter(state="OPEN").exists()
        assert recover(at=NOON + timedelta(seconds=31)) == 1

        assert fake_broker.sweeps == [sweep.pk]
        assert SweepChunk.objects.get(pk=chunk.pk).state == "OPEN"
        # Who had it comes back late, and finds that it is not its own any more.
        with pytest.raises(SweepNotRunning):
            sweep_chunks.extend(chunk, at=NOON)

    def test_that_end_ten_workers_end_the_sweep(self, store: SeriesStore, queued: Sweep) -> None:
        sweep, at = _begun(store, queued), NOON
        for _ in range(10):
            assert sweep.status == RunStatus.RUNNING
            assert sweep_chunks.take(sweep, at=at, is_leased=True) is not None
            at += timedelta(seconds=31)
            recover(at=at)
            sweep.refresh_from_db()

        assert (sweep.status, sweep.error_code) == (RunStatus.FAILED, "worker_lost")

    def test_whose_process_ends_thrice_end_the_sweep(
        self, store: SeriesStore, queued: Sweep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lost = WorkerLost("gone")

        def die(self: Any, chunk: SweepChunk) -> Any:
            raise lost

        monkeypatch.setattr(Trying, "results", die)
        work_on_sweep(sweep_id=queued.pk, means=means(store))

        done = Sweep.objects.get()
        assert (done.status, done.error_code) == (RunStatus.FAILED, "worker_lost")
        assert SweepChunk.objects.get(index=0).attempt == 3


class TestPause:
    def test_begins_no_chunk_until_it_is_resumed(
        self, store: SeriesStore, queued: Sweep, fake_broker: FakeBroker
    ) -> None:
        sweep = _begun(store, queued)
        pause_sweep(sweep_id=sweep.pk, at=NOON)

        work_on_sweep(sweep_id=sweep.pk, means=means(store))
        assert sweep_chunks.take(sweep, at=NOON, is_leased=True) is None
        assert Trial.objects.count() == 0
        fake_broker.sweeps.clear()
        assert recover(at=NOON) == 0

        resume_sweep(sweep_id=sweep.pk)
        assert fake_broker.sweeps == [sweep.pk]
        work_on_sweep(sweep_id=sweep.pk, means=means(store))
        assert Sweep.objects.get().status == RunStatus.SUCCEEDED

    def test_is_over_for_the_workers_once_that_is_written(
        self, queued: Sweep, fake_broker: FakeBroker
    ) -> None:
        pause_sweep(sweep_id=queued.pk, at=NOON)
        fake_broker.sweeps.clear()

        with transaction.atomic():
            resume_sweep(sweep_id=queued.pk)
            assert fake_broker.sweeps == []

        assert fake_broker.sweeps == [queued.pk]

    def test_keeps_the_first_moment(self, queued: Sweep) -> None:
        pause_sweep(sweep_id=queued.pk, at=NOON)
        later = pause_sweep(sweep_id=queued.pk, at=NOON + timedelta(hours=1))

        assert later.paused_at == NOON


class TestCancel:
    def test_keeps_the_trials_and_drops_the_chunk_under_way(
        self, store: SeriesStore, queued: Sweep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = Trying.results, 0

        def results(self: Any, chunk: SweepChunk) -> Any:
            nonlocal calls
            calls += 1
            found = real(self, chunk)
            if calls == 3:
                cancel_sweep(sweep_id=queued.pk, at=NOON)
            return found

        monkeypatch.setattr(Trying, "results", results)
        work_on_sweep(sweep_id=queued.pk, means=means(store))

        done = Sweep.objects.get()
        assert (done.status, done.error_code) == (RunStatus.CANCELED, "canceled")
        assert done.trials.count() == 2

    def test_of_one_that_has_ended_is_refused(self, queued: Sweep) -> None:
        cancel_sweep(sweep_id=queued.pk, at=NOON)

        for act in (cancel_sweep, pause_sweep):
            with pytest.raises(SweepNotRunning, match="has ended: CANCELED"):
                act(sweep_id=queued.pk, at=NOON)
        with pytest.raises(SweepNotRunning, match="has ended: CANCELED"):
            resume_sweep(sweep_id=queued.pk)


def _begun(store: SeriesStore, queued: Sweep) -> Sweep:
    return begin_queued(
        sweep=Sweep.objects.get(pk=queued.pk),
        means=Means(store=store, clock=SystemClock(), is_worker=False),
    )


@pytest.mark.parametrize("is_worker", [False, True])
def test_a_set_whose_strategy_raises_failed_and_no_other(
    store: SeriesStore, fake_broker: FakeBroker, settings: Any, is_worker: bool
) -> None:
    source = """
    from trading.strategies.library.sma_cross import SmaCross

    class Odd(SmaCross):
        key = "odd"

        def targets(self, bars, params):
            if params["fast"] == 3:
                raise RuntimeError("not today \\x00 \\ud800")
            return super().targets(bars, params)
    """
    folder = Path(settings.STRATEGY_FOLDER)
    folder.mkdir(exist_ok=True)
    (folder / "odd.py").write_text(dedent(source), encoding="utf-8")
    sync_strategies()
    asked = question()
    asked = replace(asked, question=replace(asked.question, strategy_key="odd"))
    if is_worker:
        queued = enqueue_sweep(question=asked, user_id=None)
        work_on_sweep(sweep_id=queued.pk, means=means(store))
    else:
        run_sweep(question=asked, means=Means(store=store, clock=SystemClock()))

    done = Sweep.objects.get()
    failed = done.trials.exclude(error="")
    assert done.status == RunStatus.SUCCEEDED
    assert set(failed.values_list("params__fast", flat=True)) == {3}
    # What no database takes is written as it would be in a source.
    words = "RuntimeError: not today \\x00 \\ud800"
    assert all(words in trial.error for trial in failed)
    assert done.trials.filter(error="").count() == 10
