"""A matrix of paths gives in each column what that path gives alone."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from common.domain.bars import Floats
from portfolio.metrics import activity, benchmark, daily, drawdown, ratios, returns, tails

CASH = 100.0
RNG = np.random.default_rng(3)
MARKET = RNG.normal(0.001, 0.02, 200)
# The last two columns are a path that never moves and one that only rises.
RETURNS = np.column_stack([
    RNG.normal(0.001, 0.02, (200, 4)) + 0.5 * MARKET[:, None],
    np.zeros(200),
    np.full(200, 0.001),
])
MARKS = CASH * np.cumprod(1 + RETURNS, axis=0)

OF_RETURNS: list[Callable[[Floats], Floats]] = [
    ratios.volatility,
    ratios.sharpe,
    ratios.sortino,
    tails.var_95,
    tails.cvar_95,
    tails.skew,
    tails.kurtosis,
    tails.tail_ratio,
    partial(benchmark.beta, benchmark=MARKET),
    partial(benchmark.alpha, benchmark=MARKET),
]
OF_MARKS: list[Callable[[Floats], Floats]] = [
    partial(daily.simple_returns, initial=CASH),
    partial(drawdown.drawdowns, initial=CASH),
    drawdown.max_drawdown,
    partial(drawdown.ulcer_index, initial=CASH),
    lambda marks: returns.cagr(marks[-1], initial=CASH, days=200),
    lambda marks: returns.total_return(marks[-1], initial=CASH),
    lambda marks: activity.turnover(5.0, equity=marks, days=200),
]


def assert_columns_stand_alone(function: Callable[[Floats], Floats], matrix: Floats) -> None:
    together = function(matrix)

    alone = [function(np.ascontiguousarray(column)) for column in matrix.T]
    np.testing.assert_allclose(together, np.stack(alone, axis=-1), rtol=1e-12, atol=1e-12)


class TestColumns:
    @pytest.mark.parametrize("function", OF_RETURNS)
    def test_of_daily_returns_stand_alone(self, function: Callable[[Floats], Floats]) -> None:
        assert_columns_stand_alone(function, RETURNS)

    @pytest.mark.parametrize("function", OF_MARKS)
    def test_of_marks_stand_alone(self, function: Callable[[Floats], Floats]) -> None:
        assert_columns_stand_alone(function, MARKS)

    @pytest.mark.parametrize("function", OF_RETURNS[:-2])
    def test_without_a_day_are_undefined(self, function: Callable[[Floats], Floats]) -> None:
        assert np.isnan(function(np.empty((0, 3)))).tolist() == [True] * 3

    def test_of_a_path_that_never_moves_have_no_ratio(self) -> None:
        assert np.isnan(ratios.sharpe(RETURNS)).tolist() == [False] * 4 + [True] * 2
        assert np.isnan(ratios.sortino(RETURNS)).tolist() == [False] * 4 + [True] * 2
