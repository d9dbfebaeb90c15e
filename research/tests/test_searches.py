"""Searches: trials written once whoever tries them, and an optimum that is found."""

from typing import Any

import numpy as np
import pytest

from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.services.catalogue import register_series
from research.compute import set_answers
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.search import Search
from research.domain.sweep import Objective, SweepQuestion
from research.models import Sweep
from research.selectors.sweeps import best_trials, describe_sweep, pareto_trials
from research.services import benches
from research.services.means import Means
from research.services.sweep_days import read_days
from research.services.sweeps import run_sweep
from research.tests.conftest import KEY, bars
from trading.strategies.tests.market import random_walk

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.both_databases,
]

SPACE = ("fast=2:20:1", "slow=25:60:1")


def question(method: str = "tpe", n_trials: int = 30, **changes: Any) -> SweepQuestion:
    usual: dict[str, Any] = {"instrument": KEY.instrument, "timeframe": Timeframe.H1}
    asked = RunQuestion(
        strategy_key="sma_cross", engine="vectorbt", **(usual | changes.pop("asked", {}))
    )
    search = Search(method=method, n_trials=n_trials, pruning=changes.pop("pruning", False))
    grid = Grid.parse(changes.pop("grid", SPACE))
    return SweepQuestion(
        question=asked, grid=grid, search=search, **{"min_round_trips": 1, **changes}
    )


def searched(store: SeriesStore, asked: SweepQuestion) -> Sweep:
    return run_sweep(question=asked, means=Means(store=store, clock=SystemClock()))


def _values(sweep: Sweep) -> list[float]:
    """Return what ranks each trial, in the order in which they were asked for."""
    values = sweep.trials.order_by("number").values_list("value", flat=True)
    return [value for value in values if value is not None]


class TestTrials:
    @pytest.mark.parametrize("method", ["random", "tpe", "cmaes", "nsga2"])
    def test_are_as_many_as_were_asked_for_each_on_the_grid(
        self, store: SeriesStore, method: str
    ) -> None:
        done = searched(store, question(method))

        assert (done.status, done.method, done.progress) == (RunStatus.SUCCEEDED, method, 1.0)
        numbers = [*done.trials.values_list("number", flat=True)]
        document = describe_sweep(done, best=1)
        assert len(numbers) == len(set(done.trials.values_list("trial_hash", flat=True))) == 30
        assert max(numbers) == 29 + document["n_repeated"]
        for params in done.trials.values_list("params", flat=True):
            assert 2 <= params["fast"] <= 20
            assert 25 <= params["slow"] <= 60

    def test_of_one_seed_are_equal(self, store: SeriesStore) -> None:
        def sets(seed: int) -> list[Any]:
            done = searched(store, question(asked={"seed": seed}))
            return [*done.trials.order_by("number").values_list("params", "value")]

        assert sets(3) == sets(3)
        assert sets(3) != sets(4)

    def test_are_asked_for_anew_where_a_set_contradicts_itself(self, store: SeriesStore) -> None:
        done = searched(store, question("random", grid=("fast=2:40:1", "slow=3:40:1")))

        assert done.n_contradictory > 0
        assert done.trials.count() == 30

    def test_are_fewer_where_the_space_has_no_more(self, store: SeriesStore) -> None:
        done = searched(store, question("random", 15, grid=("fast=2:5:1", "slow=3:6:1")))

        document = describe_sweep(done, best=1)
        # Ten of the sixteen sets do not contradict themselves.
        assert done.status == RunStatus.SUCCEEDED
        assert (done.trials.count(), done.progress) == (10, 1.0)
        assert document["n_repeated"] + document["n_contradictory"] >= 4 * 15

    def test_that_repeat_are_not_executed_again(
        self, store: SeriesStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, tried = set_answers.try_admitted, list[Any]()

        def try_admitted(*args: Any, **named: Any) -> Any:
            tried.extend(named["sets"])
            return real(*args, **named)

        monkeypatch.setattr(benches, "try_admitted", try_admitted)
        done = searched(store, question("tpe", 12, grid=("fast=2:5:1", "slow=8:10:1")))

        assert describe_sweep(done, best=1)["n_repeated"] > 0
        assert len(tried) == done.trials.count() == 12

    def test_have_days(self, store: SeriesStore) -> None:
        done = searched(store, question())

        matrix = read_days(done)

        assert matrix.numbers == tuple(
            done.trials.order_by("number").values_list("number", flat=True)
        )
        for column, trial in enumerate(done.trials.order_by("number")):
            total = np.prod(1.0 + matrix.returns[:, column]) - 1.0
            assert total == pytest.approx(trial.metrics["total_return"], rel=1e-9)
            assert matrix.round_trips[:, column].sum() == trial.metrics["n_round_trips"]


class TestFinding:
    def test_learns_where_the_best_sets_are(self, store: SeriesStore) -> None:
        whole = run_sweep(
            question=SweepQuestion(
                question=question().question, grid=Grid.parse(SPACE), min_round_trips=1
            ),
            means=Means(store=store, clock=SystemClock()),
        )
        values = sorted(_values(whole), reverse=True)

        done = searched(store, question("tpe", 100))

        best = best_trials(done, count=1).get()
        # Among the best hundredth of the grid, having tried a seventh of it.
        assert (best.value or 0.0) >= values[len(values) // 100]

    def test_less_is_sought_of_a_drawdown(self, store: SeriesStore) -> None:
        asked = question("tpe", 60, objective=Objective("max_drawdown"))
        done = searched(store, asked)

        values = _values(done)
        assert np.mean(values[30:]) < np.mean(values[:10])

    def test_keeps_the_sets_that_no_other_is_better_than(self, store: SeriesStore) -> None:
        asked = question(
            "nsga2", 40, objective=Objective("total_return"), further=(Objective("max_drawdown"),)
        )
        done = searched(store, asked)

        front = pareto_trials(done)

        every: list[Any] = [trial.values for trial in done.trials.all()]
        assert front
        best: list[Any] = [trial.values for trial in front]
        for earned, drawdown in every:
            beaten = [
                each for each in best
                if each[0] <= earned and each[1] >= drawdown and each != [earned, drawdown]
            ]  # fmt: skip
            assert not beaten
        assert [each["values"] for each in describe_sweep(done, best=1)["front"]] == best


class TestPruning:
    def test_gives_bad_sets_up_after_a_part_of_the_bars(self, store: SeriesStore) -> None:
        key = SeriesKey.bars(InstrumentId("LONG/USD", "TEST"), Timeframe.H1)
        store.merge_bars(key, [BarRows.of(bars(random_walk(5, 2_000).close))])
        register_series(store=store, key=key)
        asked = question("tpe", 60, pruning=True, asked={"instrument": key.instrument})

        done = searched(store, asked)

        pruned = done.trials.filter(pruned_after__isnull=False)
        assert 0 < pruned.count() < done.trials.count() == 60
        assert set(pruned.values_list("pruned_after", flat=True)) <= {0.25, 0.5}
        # Not ranked, not failed, and counted: it was looked at.
        assert set(pruned.values_list("value", "error")) == {(None, "")}
        assert done.trials.filter(pruned_after=None, value=None).count() == 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            (("cmaes", 9, {"grid": ("fast=2:20:1", "allow_short=true,false")}), "cmaes"),
            (("nsga2", 10, {"pruning": True}), "nsga2"),
            (("bayes", 10, {}), "bayes"),
        ],
    )
    def test_come_before_there_is_a_row(
        self, store: SeriesStore, asked: tuple[str, int, dict[str, Any]], words: str
    ) -> None:
        method, n_trials, changes = asked
        with pytest.raises(PlatformError, match=words):
            searched(store, question(method, n_trials, **changes))

        assert not Sweep.objects.exists()
