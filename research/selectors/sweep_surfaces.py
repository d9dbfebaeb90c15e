"""A metric of a sweep over two of its parameters."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, Self

from django.db.models import F, QuerySet

from common.domain.errors import InvalidArgument
from portfolio.metrics.columns import KEYS
from research.models import Sweep, Trial
from research.selectors.sweeps import surface
from trading.strategies.parameters import Value

_MOST_PLACES: Final = 1_000_000

type Cells = dict[tuple[int, int], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A metric over two parameters.

    Parameters
    ----------
    x, y, metric
        Names of the parameters and of the metric.
    x_values, y_values
        What the trials have of each, ascending.
    cells
        What the metric is at places on the two axes, one number a trial: a grid of more
        parameters has several at one place. Trials without a value are none of them, and a
        place without any is missing.
    """

    x: str
    y: str
    metric: str
    x_values: tuple[Value, ...]
    y_values: tuple[Value, ...]
    cells: Cells

    @classmethod
    def of(
        cls, points: Iterable[tuple[Value, Value, float | None]], *, x: str, y: str, metric: str
    ) -> Self:
        """Return the surface of points, one a trial."""
        known = [*points]
        xs = tuple(sorted({one for one, _, _ in known}, key=_place))
        ys = tuple(sorted({other for _, other, _ in known}, key=_place))
        at_x, at_y = ({v: place for place, v in enumerate(values)} for values in (xs, ys))
        cells: Cells = defaultdict(list)
        for one, other, value in known:
            if value is not None:
                cells[at_x[one], at_y[other]].append(value)
        return cls(x=x, y=y, metric=metric, x_values=xs, y_values=ys, cells=dict(cells))


def _place(value: Value) -> tuple[bool, float, str]:
    """Put numbers in their order before words in theirs."""
    is_word = isinstance(value, str)
    return is_word, 0.0 if is_word else float(value), str(value)


def read_surface(sweep: Sweep, *, x: str, y: str, metric: str) -> Surface:
    """Return a metric of a sweep over two of the parameters it varies.

    Raises
    ------
    InvalidArgument
        If a parameter is not varied or comes twice, or the metric is none of a trial.
    """
    for axis, name in (("x", x), ("y", y)):
        if name not in sweep.grid:
            known = ", ".join(sweep.grid)
            raise InvalidArgument(f"{axis} is {name!r}, none of: {known}", parameter=name)
    if x == y:
        raise InvalidArgument(f"x and y are both {x!r}, must be two parameters", parameter=x)
    if metric not in KEYS:
        raise InvalidArgument(f"metric {metric!r} is none of: {', '.join(KEYS)}", metric=metric)
    return Surface.of(surface(sweep, x=x, y=y, metric=metric), x=x, y=y, metric=metric)


def describe_surface(sweep: Sweep, found: Surface) -> dict[str, Any]:
    """Return a surface as a document: a row for each value of y; what is missing is null.

    Raises
    ------
    InvalidArgument
        If it has too many places: a search tries few sets of very many.
    """
    columns, rows = len(found.x_values), len(found.y_values)
    if columns * rows > _MOST_PLACES:
        raise InvalidArgument(
            f"the surface has {columns} by {rows} places, at most {_MOST_PLACES} are shown:"
            " read the trials"
        )
    places = [[(x, y) for x in range(len(found.x_values))] for y in range(len(found.y_values))]
    cells = found.cells
    return {
        "sweep_id": sweep.pk,
        "metric": found.metric,
        "x": {"name": found.x, "values": list(found.x_values)},
        "y": {"name": found.y, "values": list(found.y_values)},
        "median": [[median(cells[at]) if at in cells else None for at in row] for row in places],
        "count": [[len(cells.get(at, ())) for at in row] for row in places],
    }


def list_trials(sweep: Sweep, *, ordering: str, ranked: bool | None) -> QuerySet[Trial]:
    """Return the trials of a sweep, on request only those that rank, or only the others.

    Parameters
    ----------
    sweep
        Whose trials.
    ordering
        `number` or `value`, with `-` before it the other way round; what has no value is last.
    ranked
        Whether they have a value; None takes both.
    """
    trials = sweep.trials.all()
    if ranked is not None:
        trials = trials.filter(value__isnull=not ranked)
    if ordering.removeprefix("-") == "number":
        return trials.order_by(ordering)
    return trials.order_by(_by_value(ordering), "number")


def _by_value(ordering: str) -> Any:
    value = F("value")
    descending = ordering.startswith("-")
    return value.desc(nulls_last=True) if descending else value.asc(nulls_last=True)


def describe_trial(trial: Trial) -> dict[str, Any]:
    """Return a trial as a document."""
    return {
        "number": trial.number,
        "params": trial.params,
        "value": trial.value,
        "values": trial.values,
        "pruned_after": trial.pruned_after,
        "metrics": trial.metrics,
        "error": trial.error,
        "trial_hash": trial.trial_hash,
    }
