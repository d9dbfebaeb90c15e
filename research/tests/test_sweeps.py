"""Sweeps: every set once, each a trial, nothing lost with a process that is killed."""

import platform
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.costs import AccountType, CostModel
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.services.catalogue import register_series
from research.compute import set_answers, set_trials
from research.compute.exceptions import MemoryBudgetExceeded
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.sweep import Objective, SweepQuestion
from research.exceptions import SweepDiffers, SweepNotRunning
from research.models import Sweep, Trial
from research.selectors.runs import count_trials_like
from research.selectors.sweeps import best_trials, dataset_of, describe_sweep
from research.selectors.validations import count_trials_of, trial_sharpes
from research.services import sweep_chunks, sweeps
from research.services.means import Means
from research.services.sweep_days import read_days
from research.services.sweeps import resume_sweep, run_sweep
from research.tests.conftest import KEY, START_NS, Ask, bars, wave
from trading.strategies.library.sma_cross import SmaCross

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

GRID = ("fast=2:10:2", "slow=8,20")


def question(*grid: str, **changes: Any) -> SweepQuestion:
    usual: dict[str, Any] = {"instrument": KEY.instrument, "timeframe": Timeframe.H1}
    asked = RunQuestion(
        strategy_key="sma_cross", engine="vectorbt", **(usual | changes.pop("asked", {}))
    )
    return SweepQuestion(
        question=asked, grid=Grid.parse(grid or GRID), **{"min_round_trips": 1, **changes}
    )


def means(store: SeriesStore) -> Means:
    return Means(store=store, clock=SystemClock())


def sweep(store: SeriesStore, asked: SweepQuestion) -> Sweep:
    return run_sweep(question=asked, means=means(store))


class TestSweep:
    def test_makes_each_set_a_trial(self, store: SeriesStore) -> None:
        done = sweep(store, question())

        # 8 and 10 are not faster than 8.
        assert (done.status, done.n_sets, done.n_contradictory) == (RunStatus.SUCCEEDED, 10, 2)
        assert list(done.trials.order_by("number").values_list("number", flat=True)) == [
            0, 1, 2, 3, 4, 5, 7, 9,
        ]  # fmt: skip

    def test_a_trial_has_the_figures_of_its_run(self, store: SeriesStore, ask: Ask) -> None:
        done = sweep(store, question())
        trial = done.trials.get(number=3)

        run = ask(params=trial.params)

        assert trial.params == {"fast": 4, "slow": 20, "allow_short": False}
        assert trial.trial_hash == run.trial_hash
        for key, value in trial.metrics.items():
            expected = run.metrics[key]
            assert value == (expected and pytest.approx(expected, rel=1e-9)), key

    def test_counts_towards_the_trials_of_its_lineage(self, store: SeriesStore, ask: Ask) -> None:
        before = ask(params={"fast": 4, "slow": 20})
        assert count_trials_like(before) == 1

        sweep(store, question())
        sweep(store, question())

        # Eight sets, one of which had been run alone; a repeat is no new trial.
        assert count_trials_like(before) == 8

    def test_tries_one_by_one_what_cannot_be_broadcast(self, store: SeriesStore, ask: Ask) -> None:
        instrument = ask().series.instrument
        type(instrument).objects.filter(pk=instrument.pk).update(min_notional="500")

        done = sweep(store, question())

        trial = done.trials.get(number=3)
        assert trial.metrics["sharpe"] == pytest.approx(
            ask(params=trial.params).metrics["sharpe"], rel=1e-12
        )

    def test_a_set_that_ruins_the_account_failed(self, store: SeriesStore) -> None:
        # Short from 100 on, it owes more than it has at 250, however it is tried.
        crash = np.concatenate([np.linspace(100, 80, 30), np.full(30, 250.0)])
        key = SeriesKey.bars(InstrumentId("UP/USD", "TEST"), Timeframe.H1)
        store.merge_bars(key, [BarRows.of(bars(crash))])
        register_series(store=store, key=key)
        asked = {
            "instrument": key.instrument,
            "params": {"allow_short": True},
            "account": AccountType.MARGIN,
            "costs": CostModel(fee_rate=0.0),
        }

        done = sweep(store, question("fast=2,3", "slow=8", asked=asked))

        assert set(done.trials.values_list("error", flat=True)) == {"equity fell to zero or below"}
        assert describe_sweep(done, best=1)["n_failed"] == 2

    def test_a_ruin_has_the_same_days_however_it_is_tried(self, store: SeriesStore) -> None:
        # Short at 250 it owes more than it has; what follows would make it round trips more.
        after = np.concatenate([np.linspace(250, 60, 60), np.linspace(60, 200, 60)])
        crash = np.concatenate([np.linspace(100, 80, 30), np.full(30, 250.0), after])
        key = SeriesKey.bars(InstrumentId("UP/USD", "TEST"), Timeframe.H1)
        store.merge_bars(key, [BarRows.of(bars(crash))])
        series = register_series(store=store, key=key)
        asked = {
            "instrument": key.instrument,
            "params": {"allow_short": True},
            "account": AccountType.MARGIN,
            "costs": CostModel(fee_rate=0.0),
        }

        together = read_days(sweep(store, question("fast=2,3", "slow=8", asked=asked)))
        instruments = type(series.instrument).objects.filter(pk=series.instrument.pk)
        instruments.update(min_notional="0.5")
        alone = read_days(sweep(store, question("fast=2,3", "slow=8", asked=asked)))

        assert together.numbers == alone.numbers == (0, 1)
        np.testing.assert_allclose(together.returns, alone.returns, rtol=1e-9)
        np.testing.assert_array_equal(together.round_trips, alone.round_trips)
        assert together.returns.min() == -1.0

    def test_is_no_success_where_the_engine_runs_nothing(
        self, store: SeriesStore, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A minimum notional: sets are tried one by one, so that each fails for itself.
        instrument = ask().series.instrument
        type(instrument).objects.filter(pk=instrument.pk).update(min_notional="500")

        def fail(*args: Any, **named: Any) -> Any:
            raise RuntimeError("no orders today")

        rust = pytest.importorskip("vectorbt_rust.portfolio")
        monkeypatch.setattr(rust, "simulate_from_orders_rs", fail)

        done = sweep(store, question("fast=2,3", "slow=8"))

        assert done.status == RunStatus.FAILED
        assert done.error_code == "sweep_failed"
        assert done.error_detail == (
            "all 2 sets failed, the first with: vectorbt failed: RuntimeError: no orders today"
        )
        assert describe_sweep(done, best=1)["n_failed"] == 2

    def test_looks_at_a_large_grid_part_by_part(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(set_answers, "_LOOKED_AT", 3)

        found = set_answers.survey(SmaCross(), {}, Grid.parse(GRID), is_counted=True)

        assert (found.warm_up, found.n_contradictory) == (19, 2)

    def test_of_more_chunks_than_are_to_be_written_is_refused(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sweeps, "_MOST_CHUNKS", 9)

        with pytest.raises(InvalidArgument, match="the sets make 10 chunks of 1, at most 9"):
            sweep(store, question(budget_bytes=1))

        assert not Sweep.objects.exists()

    def test_of_more_days_than_a_job_may_hold_shows_none(
        self, store: SeriesStore, settings: Any
    ) -> None:
        done = sweep(store, question())
        # Eight sets over 18 days, 20 bytes each.
        small = settings.PLATFORM.compute.model_copy(update={"job_memory_mb": 0.002879})
        settings.PLATFORM = settings.PLATFORM.model_copy(update={"compute": small})

        with pytest.raises(MemoryBudgetExceeded, match="8 sets over 18 days"):
            read_days(done)

    def test_ranks_only_what_traded_enough(self, store: SeriesStore) -> None:
        done = sweep(store, question(min_round_trips=10_000))

        assert done.trials.filter(value__isnull=False).count() == 0
        assert list(best_trials(done, count=5)) == []

    def test_less_is_better_for_a_drawdown(self, store: SeriesStore) -> None:
        done = sweep(store, question(objective=Objective("max_drawdown")))

        best = [trial.metrics["max_drawdown"] for trial in best_trials(done, count=8)]

        assert best == sorted(best)
        assert len(best) == 8

    def test_shows_itself_as_a_document(self, store: SeriesStore) -> None:
        done = sweep(store, question())

        shown = describe_sweep(done, best=3)

        assert (shown["n_trials"], shown["n_failed"], len(shown["best"])) == (8, 0, 3)
        assert shown["trials_per_second"] == pytest.approx(8 / shown["seconds"])
        assert shown["peak_rss_mb"] > 50
        values = [trial["metrics"]["sharpe"] for trial in shown["best"]]
        assert values == sorted(values, reverse=True)


class TestChunks:
    def test_are_enough_for_others_to_join(self, store: SeriesStore) -> None:
        done = sweep(store, question())

        # Ten places, two at a time.
        assert [*done.chunks.order_by("index").values_list("first", "size")] == [
            (0, 2), (2, 2), (4, 2), (6, 2), (8, 2),
        ]  # fmt: skip

    def test_of_sets_that_all_contradict_themselves_are_none(self, store: SeriesStore) -> None:
        with pytest.raises(InvalidArgument, match="all 4 sets contradict themselves"):
            sweep(store, question("fast=20,30", "slow=8,20"))

        assert not Sweep.objects.exists()


class TestDeath:
    def test_loses_at_most_the_chunk_it_was_in(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = question("fast=2:14:2", "slow=16,20", budget_bytes=1)  # One set a chunk.
        for _ in range(5):
            with pytest.raises(_Killed):
                _die_after_two_chunks(store, asked, monkeypatch)

        done = resume_sweep(number=Sweep.objects.get().pk, question=asked, means=means(store))

        assert done.status == RunStatus.SUCCEEDED
        assert list(done.trials.order_by("number").values_list("number", flat=True)) == [
            *range(14)
        ]

    def test_goes_on_with_the_same_question_only(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = question(budget_bytes=1)
        with pytest.raises(_Killed):
            _die_after_two_chunks(store, asked, monkeypatch)
        number = Sweep.objects.get().pk

        with pytest.raises(SweepDiffers, match="another question"):
            resume_sweep(number=number, question=question("fast=3,4"), means=means(store))

    def test_goes_on_with_its_own_bars_where_later_ones_came(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = question(budget_bytes=1)
        with pytest.raises(_Killed):
            _die_after_two_chunks(store, asked, monkeypatch)
        store.merge_bars(KEY, [BarRows.of(bars(wave(450)))])

        done = resume_sweep(number=Sweep.objects.get().pk, means=means(store))

        assert (done.status, done.error_detail) == (RunStatus.SUCCEEDED, "")
        until = datetime.fromtimestamp(START_NS / 1e9 + 400 * 3_600, UTC)
        assert dataset_of(done).end_at == until
        whole = sweep(store, replace(asked, question=replace(asked.question, end_ns=to_ns(until))))
        one, other = (
            [*each.trials.order_by("number").values_list("params", "metrics")]
            for each in (whole, done)
        )
        assert one == other

    def test_is_not_taken_from_a_living_process(self, store: SeriesStore) -> None:
        done = sweep(store, question())

        with pytest.raises(SweepNotRunning, match="has ended"):
            resume_sweep(number=done.pk, question=question(), means=means(store))

    def test_by_a_signal_while_it_is_joined_leaves_it_to_others(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = question(budget_bytes=1)
        with pytest.raises(_Killed):
            _die_after_two_chunks(store, asked, monkeypatch)

        def interrupt(done: float) -> None:
            raise KeyboardInterrupt

        number = Sweep.objects.get().pk
        with pytest.raises(KeyboardInterrupt):
            resume_sweep(number=number, means=replace(means(store), progress=interrupt))

        left = Sweep.objects.get()
        assert (left.status, left.trials.count()) == (RunStatus.RUNNING, 3)
        assert not left.chunks.filter(state="TAKEN").exists()
        assert resume_sweep(number=number, means=means(store)).status == RunStatus.SUCCEEDED


class TestLedger:
    def test_a_set_that_was_given_up_later_keeps_its_ratio(self, store: SeriesStore) -> None:
        done = sweep(store, question())
        version, known = done.strategy_version, done.trials.get(number=0)
        before = trial_sharpes(version, dataset_of(done))
        Trial.objects.create(
            sweep=done,
            number=99,
            params=known.params,
            trial_hash=known.trial_hash,
            metrics={},
            pruned_after=0.25,
        )

        after = trial_sharpes(version, dataset_of(done))

        assert np.isfinite(before).all()
        assert before.tolist() == after.tolist()
        assert count_trials_of(version, dataset_of(done)) == len(after) == 8

    def test_a_trial_is_never_changed(self, store: SeriesStore) -> None:
        done = sweep(store, question())

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Trial.objects.filter(sweep=done).update(value=9.0)
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Sweep.objects.filter(pk=done.pk).update(objective="cagr")


class _Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


def _die_after_two_chunks(
    store: SeriesStore, asked: SweepQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sweep, or go on, as a process that dies in its third chunk."""
    real, calls, gone = set_trials.try_sets, 0, Trial.objects.count()

    def try_sets(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise _Killed
        return real(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(set_answers, "try_sets", try_sets)
        # Process 1 of this machine did not start at its very beginning.
        patch.setattr(sweep_chunks, "process_name", lambda: f"{platform.node()}/1/0.{gone}")
        earlier = Sweep.objects.first()
        if earlier is None:
            sweep(store, asked)
        else:
            resume_sweep(number=earlier.pk, question=asked, means=means(store))
