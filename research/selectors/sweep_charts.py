"""The charts of a sweep."""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import median
from typing import Final

import numpy as np

from research.models import Sweep, Trial
from research.selectors.chart_shapes import (
    GREY,
    MARK,
    SECOND,
    Chart,
    area,
    axes,
    dashed,
    dots,
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


def front_chart(sweep: Sweep, *, front: Sequence[Trial]) -> Chart:
    """Return the first two objectives of every set that ranks, in one query.

    Parameters
    ----------
    sweep
        One of several objectives.
    front
        Its sets that no other is better than in all of them.
    """
    x, y = sweep.objectives[:2]
    title = f"{x} and {y} of the sets that rank"
    ranked = sweep.trials.filter(values__isnull=False).order_by("number")
    rows = ranked.values_list("number", "values")
    places = {number: {"x": values[0], "y": values[1]} for number, values in rows if values}
    if not places:
        return Chart.missing(title, reason="No set ranks yet.")
    best = {trial.number for trial in front}
    others = [place for number, place in places.items() if number not in best]
    return Chart.of(
        title,
        dots("front", [places[number] for number in sorted(best)], SECOND, radius=5),
        dots("others", others, GREY, radius=2, order=1),
        options=axes(x, y),
        caption=(
            f"Of {len(places):,} sets, no other is better than these {len(best):,} in"
            f" {' and '.join(sweep.objectives)} at once. Which of them is best is a choice."
        ),
    )
