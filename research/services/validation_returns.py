"""The gates that need daily returns alone: what was found, with what charts are drawn from."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from common.domain.bars import Floats
from research.domain.validation_question import ValidationQuestion
from research.services.attempts import attempt, known, then
from research.services.validation_figures import (
    describe_days,
    describe_deflation,
    describe_distribution,
    describe_equity,
    describe_histogram,
    describe_overfitting,
    describe_walk,
)
from research.services.validation_matrix import walk
from research.validation.bootstrap import bootstrap, max_drawdown, total_return
from research.validation.day_matrix import DayMatrix
from research.validation.deflation import deflated_sharpe_ratio, trial_variance
from research.validation.gates import Measured, Undefined
from research.validation.pbo import overfitting
from research.validation.sharpe import SharpeEstimate, estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsFound:
    """Numbers for the evidence, by its names; `figures` are JSON values."""

    round_trips: Measured
    years: Measured
    walk_forward_efficiency: Measured
    walk_forward_windows: Measured
    overfitting: Measured
    bootstrap: Measured
    estimate: SharpeEstimate | Undefined
    figures: dict[str, Any] = field(default_factory=dict)


def judge_returns(
    matrix: DayMatrix, *, chosen: Floats, question: ValidationQuestion, level: float
) -> ReturnsFound:
    """Walk forward, recombine and resample.

    Parameters
    ----------
    matrix
        All sets of the grid.
    chosen : ndarray of float64, shape (n_days,)
        Daily returns of the set that is judged.
    question
        How to split; the seed of its run draws the bootstrap.
    level
        Which quantile of the bootstrapped total returns is looked at, in (0, 1).
    """
    walked = attempt(lambda: walk(matrix, question))
    overfit = attempt(lambda: overfitting(matrix.returns))
    seed = question.sweep.question.seed
    # Each from a generator of its own: the same histories, seen twice.
    drawn, depths = (
        attempt(
            lambda statistic=statistic: bootstrap(  # type: ignore[misc]
                chosen, statistic, rng=np.random.default_rng(seed)
            )
        )
        for statistic in (total_return, max_drawdown)
    )
    figures = {
        "days": describe_days(matrix),
        "equity": describe_equity(chosen),
        **(known(then(walked, lambda each: describe_walk(each.found, matrix))) or {}),
        "overfitting": known(then(overfit, describe_overfitting)),
        "bootstrap": {
            "total_return": known(then(drawn, describe_distribution)),
            "max_drawdown": known(then(depths, describe_distribution)),
        },
        "drawdowns": known(
            then(depths, lambda each: describe_histogram(each, observed=max_drawdown(chosen)))
        ),
    }
    return ReturnsFound(
        round_trips=then(walked, lambda each: float(each.round_trips)),
        years=then(walked, lambda each: each.years),
        walk_forward_efficiency=then(walked, lambda each: each.found.efficiency()),
        walk_forward_windows=then(walked, lambda each: each.found.positive_share),
        overfitting=then(overfit, lambda each: each.pbo),
        bootstrap=then(drawn, lambda each: each.quantile(level)),
        estimate=attempt(lambda: estimate(chosen)),
        figures=figures,
    )


def deflate(
    of: SharpeEstimate | Undefined, *, sharpes: Floats, n_trials: int
) -> tuple[Measured, dict[str, Any]]:
    """Return the deflated Sharpe ratio and its chart.

    Parameters
    ----------
    of
        The estimate of the set that is judged.
    sharpes : ndarray of float64, shape (n_known_trials,)
        Daily Sharpe ratios of the trials of the ledger.
    n_trials
        Their number, with those made elsewhere.
    """
    variance = attempt(lambda: trial_variance(sharpes))
    figures: dict[str, Any] = {"n_trials": n_trials, "variance": known(variance), "curve": None}
    if isinstance(of, Undefined):
        return of, figures
    if isinstance(variance, Undefined):
        return variance, figures
    figures["curve"] = known(attempt(lambda: describe_deflation(of, variance=variance)))
    value = attempt(lambda: deflated_sharpe_ratio(of, n_trials=n_trials, variance=variance))
    return value, figures
