"""The charts of a sweep."""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import median
from typing import Final

import numpy as np

from research.models import Sweep, Trial
from research.selectors.chart_shapes import (
    MARK,
    SECOND,
    Chart,
    area,
    axes,
    dashed,
    outline,
    upright,
)

_MOST_BINS: Final = 40


def objective_chart(sweep: Sweep, *, best: Trial | None) -> Chart:
    """Return how the objective is distributed over the sets that rank, in one query.

    Parameters
    ----------
    sweep
        Whose trials.
    best
        The one that ranks first, None where none ranks.
    """
    title = f"{sweep.objective} of the sets that rank"
    ranked = sweep.trials.filter(value__isnull=False).order_by("number")
    values = [value for value in ranked.values_list("value", flat=True) if value is not None]
    if best is None or best.value is None:
        reason = f"No set has a value and {sweep.min_round_trips} round trips yet."
        return Chart.missing(title, reason=reason)
    return distribution_chart(
        title, metric=sweep.objective, values=values, best=(best.number, best.value)
    )


def distribution_chart(
    title: str, *, metric: str, values: Sequence[float], best: tuple[int, float]
) -> Chart:
    """Return a histogram of values with their median and the best, which has a number.

    It has as many bins as the square root of the number of values, forty at most.
    """
    # Of equal values there is one bin.
    n_bins = min(_MOST_BINS, ceil(sqrt(len(set(values)))))
    counts, edges = np.histogram(values, bins=n_bins)
    number, value = best
    middle, high = median(values), int(counts.max())
    return Chart.of(
        title,
        area("sets", outline(edges.tolist(), counts.tolist())),
        dashed("median", upright(middle, low=0, high=high), MARK),
        dashed(f"best: set {number}", upright(value, low=0, high=high), SECOND),
        options=axes(metric, "sets"),
        caption=(
            f"The median of {len(values):,} sets is {middle:.4g}, the best, set {number}, has"
            f" {value:.4g}. The best of many is partly the luckiest of them."
        ),
    )
