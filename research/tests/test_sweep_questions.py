"""Sweeps and searches as they are asked: what is refused, and what a row keeps."""

from typing import Any

import pytest

from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.search import Search
from research.domain.set_list import SetList
from research.domain.sweep import Objective, SweepQuestion
from research.models import Sweep
from research.services.sweep_rows import asked_columns, question_of

ASKED = RunQuestion(
    strategy_key="sma_cross",
    engine="vectorbt",
    timeframe=Timeframe.H1,
    instrument=InstrumentId("BTC/USD", "TEST"),
)
GRID = Grid.parse(["fast=2:10:2", "slow=20,30"])


def question(**changes: Any) -> SweepQuestion:
    return SweepQuestion(**{"question": ASKED, "grid": GRID, **changes})


class TestRefusals:
    def test_of_a_grid_that_is_too_large_to_try_whole(self) -> None:
        large = Grid.parse(["a=1:2000:1", "b=1:2000:1"])

        with pytest.raises(InvalidArgument, match="4000000 sets, at most 1000000"):
            question(grid=large)
        assert question(grid=large, search=Search(method="tpe", n_trials=50)).n_places == 50

    def test_of_a_search_that_is_larger_than_its_space(self) -> None:
        with pytest.raises(InvalidArgument, match="11 trials over 10 sets: try the whole grid"):
            question(search=Search(method="tpe", n_trials=11))

    def test_of_several_objectives_without_a_search(self) -> None:
        with pytest.raises(InvalidArgument, match="sharpe, max_drawdown: use a search"):
            question(further=(Objective("max_drawdown"),))

    def test_of_an_objective_named_twice(self) -> None:
        search = Search(method="nsga2", n_trials=10)
        with pytest.raises(InvalidArgument, match="one is named twice"):
            question(further=(Objective(),), search=search)

    @pytest.mark.parametrize("number", [0, 100_001])
    def test_of_a_number_of_trials_out_of_bounds(self, number: int) -> None:
        with pytest.raises(InvalidArgument, match=rf"{number} trials: must be in \[1, 100000\]"):
            Search(method="tpe", n_trials=number)


class TestValues:
    def test_rank_nothing_where_one_is_missing(self) -> None:
        search = Search(method="nsga2", n_trials=10)
        asked = question(further=(Objective("cagr"),), search=search, min_round_trips=2)

        assert asked.values_of({"sharpe": 1.0, "cagr": 0.1, "n_round_trips": 2}) == [1.0, 0.1]
        assert asked.values_of({"sharpe": 1.0, "cagr": None, "n_round_trips": 2}) is None
        assert asked.values_of({"sharpe": 1.0, "cagr": float("inf"), "n_round_trips": 2}) is None
        assert asked.values_of({"sharpe": 1.0, "cagr": 0.1, "n_round_trips": 1}) is None


@pytest.mark.parametrize(
    "asked",
    [
        question(),
        question(grid=SetList(({"fast": 3}, {"fast": 4, "slow": 9}))),
        question(
            search=Search(method="nsga2", n_trials=9),
            objective=Objective("cagr"),
            further=(Objective("max_drawdown"),),
        ),
        question(search=Search(method="tpe", n_trials=4, pruning=True), min_round_trips=0),
    ],
)
def test_a_row_makes_the_question_again(asked: SweepQuestion) -> None:
    assert question_of(Sweep(**asked_columns(asked))) == asked
