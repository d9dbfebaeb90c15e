"""Surfaces small enough to be looked at: neighbouring values share a place."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from statistics import median
from typing import Any, Final, Self

from django.db.models import F, QuerySet

from common.domain.errors import InvalidArgument
from research.domain.sweep import Objective
from research.models import Sweep, Trial
from research.selectors.sweep_surfaces import Surface
from trading.strategies.parameters import Value

_MOST_PLACES: Final = 2_500
_MOST_BINS: Final = 50
# Below this share of places with a value, a search has left a surface of holes.
_SPARSE: Final = 0.25

type Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Binned:
    """Values of a parameter in groups of nearly equal number.

    Parameters
    ----------
    values
        All of them, in their order.
    n_bins
        How many groups, in [1, number of values]; none of no values.

    Examples
    --------
    >>> binned = Binned((5, 10, 15, 20, 25), 2)
    >>> binned.labels, [binned.bin_of(place) for place in range(5)]
    (('5 to 15', '20 to 25'), [0, 0, 0, 1, 1])
    """

    values: tuple[Value, ...]
    n_bins: int

    @classmethod
    def of(cls, values: Sequence[Value], *, most: int | None) -> Self:
        """Return the values in at most that many groups, or each in its own."""
        return cls(tuple(values), len(values) if most is None else min(len(values), most))

    def bin_of(self, place: int) -> int:
        """Return the group of the value at a place."""
        return place * self.n_bins // len(self.values)

    def members(self, group: int) -> tuple[Value, ...]:
        """Return the values of a group."""
        return tuple(
            value for place, value in enumerate(self.values) if self.bin_of(place) == group
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Each group's value, or its first and its last."""
        return tuple(_label(self.members(group)) for group in range(self.n_bins))


@dataclass(frozen=True, slots=True, kw_only=True)
class BinnedSurface:
    """A surface of at most 2,500 places.

    Parameters
    ----------
    of
        The surface that it shows.
    x, y
        Its axes.
    medians
        The median of the metric over the trials at each place that has one.
    """

    of: Surface
    x: Binned
    y: Binned
    medians: dict[Place, float]

    @classmethod
    def fit(cls, surface: Surface) -> Self:
        """Return a surface as it is, or in groups if it is larger or has hardly any values."""
        most = _most_bins(surface)
        x, y = Binned.of(surface.x_values, most=most), Binned.of(surface.y_values, most=most)
        found: dict[Place, list[float]] = defaultdict(list)
        for (column, row), values in surface.cells.items():
            found[x.bin_of(column), y.bin_of(row)] += values
        medians = {place: median(values) for place, values in found.items()}
        return cls(of=surface, x=x, y=y, medians=medians)

    @property
    def is_grouped(self) -> bool:
        """Whether values share a place."""
        return (self.x.n_bins, self.y.n_bins) != (len(self.x.values), len(self.y.values))

    def read_place(self, text: str) -> Place:
        """Read the place of an address, such as `3,4`: columns, then rows, from 0.

        Raises
        ------
        InvalidArgument
            If it is none of this surface.
        """
        first, comma, second = text.partition(",")
        if not (comma and first.isdecimal() and second.isdecimal()):
            raise InvalidArgument(f"the place is {text!r}, must be two numbers such as 3,4")
        column, row = int(first), int(second)
        if column >= self.x.n_bins or row >= self.y.n_bins:
            raise InvalidArgument(
                f"the place is {column},{row}, there are {self.x.n_bins} columns and"
                f" {self.y.n_bins} rows, from 0"
            )
        return column, row


def trials_at(sweep: Sweep, found: BinnedSurface, place: Place, *, most: int) -> list[Trial]:
    """Return the best trials at a place of the surface, those without a rank last.

    Two queries.
    """
    surface = found.of
    xs, ys = set(found.x.members(place[0])), set(found.y.members(place[1]))
    rows = sweep.trials.values_list(
        "number", "value", F(f"params__{surface.x}"), F(f"params__{surface.y}")
    )
    sign = Objective(sweep.objective).sign
    there = sorted(
        (value is None, -sign * (value or 0.0), number)
        for number, value, x, y in rows
        if x in xs and y in ys
    )
    places = {number: order for order, (_, _, number) in enumerate(there[:most])}
    trials: QuerySet[Trial, Trial] = sweep.trials.filter(number__in=places)
    return sorted(trials, key=lambda trial: places[trial.number])


def _most_bins(surface: Surface) -> int | None:
    n_places, n_cells = len(surface.x_values) * len(surface.y_values), len(surface.cells)
    if n_cells < _SPARSE * n_places:
        return min(_MOST_BINS, max(isqrt(n_cells), 1))  # About as many places as values.
    return None if n_places <= _MOST_PLACES else _MOST_BINS


def _label(values: Sequence[Any]) -> str:
    first, last = str(values[0]), str(values[-1])
    return first if len(values) == 1 else f"{first} to {last}"
