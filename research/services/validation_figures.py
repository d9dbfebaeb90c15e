"""What the charts of a validation are drawn from, as JSON values."""

from dataclasses import asdict
from typing import Any, Final

import numpy as np

from common.domain.bars import Floats
from common.domain.time import format_utc
from portfolio.metrics.daily import DAY_NS
from research.validation.day_matrix import DayMatrix
from research.validation.deflation import deflated_sharpe_ratio
from research.validation.distribution import Distribution
from research.validation.pbo import Overfitting
from research.validation.sharpe import SharpeEstimate
from research.validation.stability import stability
from research.validation.walk_forward import WalkForward

_BINS: Final = 40
_LEVELS: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TRIALS: Final = (2, 5, *(n * 10**power for power in range(1, 5) for n in (1, 2, 5)), 100_000)


def describe_days(matrix: DayMatrix) -> list[str]:
    """Return the dates of the days, which the points of an equity are at."""
    return [format_utc(int(day))[:10] for day in matrix.day_ns]


def describe_equity(returns: Floats) -> list[float]:
    """Return growth of 1 at the end of each day."""
    return [round(float(value), 9) for value in np.cumprod(1.0 + returns)]


def describe_walk(found: WalkForward, matrix: DayMatrix) -> dict[str, Any]:
    """Return the windows, the equity out of sample, and how much the choice wanders."""
    windows = [
        {
            "params": dict(outcome.params),
            "train": _days(outcome.window.train, matrix),
            "test": _days(outcome.window.test, matrix),
            "train_return": float(np.prod(1.0 + outcome.train)) - 1.0,
            "test_return": outcome.test_return,
        }
        for outcome in found.outcomes
    ]
    figures = {"windows": windows, "out_of_sample": describe_equity(found.out_of_sample)}
    if len(found.outcomes) > 1:
        wandering = stability([outcome.params for outcome in found.outcomes])
        figures["stability"] = [asdict(each) for each in wandering]
    return figures


def describe_overfitting(found: Overfitting) -> dict[str, Any]:
    """Return a histogram of the logits, and what else the combinations say."""
    counts, edges = np.histogram(found.logits, bins=_BINS)
    return {
        "pbo": found.pbo,
        "probability_of_loss": found.probability_of_loss,
        "degradation": found.degradation,
        "logits": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def describe_deflation(of: SharpeEstimate, *, variance: float) -> list[dict[str, float]]:
    """Return the deflated Sharpe ratio for several numbers of trials of that variance."""
    return [
        {"n_trials": n, "dsr": deflated_sharpe_ratio(of, n_trials=n, variance=variance)}
        for n in _TRIALS
    ]


def describe_distribution(found: Distribution) -> dict[str, float]:
    """Return quantiles by level."""
    return {f"{level:g}": found.quantile(level) for level in _LEVELS}


def describe_histogram(found: Distribution, *, observed: float) -> dict[str, Any]:
    """Return how often which values came, and the value of the history that there was."""
    counts, edges = np.histogram(found.values, bins=_BINS)
    return {"edges": edges.tolist(), "counts": counts.tolist(), "observed": observed}


def _days(days: range, matrix: DayMatrix) -> dict[str, str]:
    first, last = (int(matrix.day_ns[place]) for place in (days.start, days.stop - 1))
    return {"start": format_utc(first), "end": format_utc(last + DAY_NS)}
