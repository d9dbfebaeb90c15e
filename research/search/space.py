"""The sets a search may choose from: the cells of a grid, each parameter by its index.

Every number is searched as the index of its value among those of the grid. On an evenly
spaced axis the index is the value itself on another scale, so nothing is lost; and what
comes back is the grid's own text, never a number that rounding moved off the grid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from common.domain.errors import InvalidArgument
from research.domain.grid import Axis, Grid
from trading.strategies.parameters import (
    FloatParameter,
    IntParameter,
    Parameter,
    admit_all,
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One parameter of the space.

    Parameters
    ----------
    name
        The parameter.
    values
        What it takes, as the grid writes it; numbers ascend.
    ordered
        Whether the values are numbers: then neighbours are alike. Otherwise a choice.
    """

    name: str
    values: tuple[str, ...]
    ordered: bool


@dataclass(frozen=True, slots=True)
class Space:
    """The product of the dimensions.

    Parameters
    ----------
    dimensions
        In the order of the grid's axes.
    """

    dimensions: tuple[Dimension, ...]

    @classmethod
    def of(cls, grid: Grid, parameters: tuple[Parameter, ...]) -> "Space":
        """Return the space whose sets are those of the grid.

        Parameters
        ----------
        grid
            The values of each parameter.
        parameters
            The strategy's parameters: they say which are numbers.

        Raises
        ------
        InvalidParameter
            If the grid names a parameter that is not there, or a value not admitted.
        InvalidArgument
            If a parameter has the same value twice, or the grid has one set only.
        """
        if grid.size < 2:
            raise InvalidArgument("the grid has 1 set: there is nothing to search")
        known = {parameter.name: parameter for parameter in parameters}
        for axis in grid.axes:
            if axis.name not in known:
                admit_all(parameters, {axis.name: axis.values[0]})  # Raises, and names them.
        return cls(tuple(_dimension(axis, known[axis.name]) for axis in grid.axes))

    @property
    def size(self) -> int:
        """How many sets there are, those that contradict themselves included."""
        return prod(len(dimension.values) for dimension in self.dimensions)

    @property
    def searched(self) -> tuple[Dimension, ...]:
        """The dimensions that have more than one value."""
        return tuple(d for d in self.dimensions if len(d.values) > 1)

    def params(self, indices: Mapping[str, int]) -> dict[str, str]:
        """Return a set as the grid writes it.

        Parameters
        ----------
        indices
            The index of the value of every parameter searched.
        """
        return {d.name: d.values[indices.get(d.name, 0)] for d in self.dimensions}


def _dimension(axis: Axis, parameter: Parameter) -> Dimension:
    values = {text: parameter.admit(text) for text in axis.values}
    # True and 1 are equal, but not the same choice.
    if len(set(map(repr, values.values()))) < len(values):
        raise InvalidArgument(
            f"parameter {axis.name} has one value in two ways of writing among"
            f" {', '.join(axis.values)}"
        )
    if not isinstance(parameter, IntParameter | FloatParameter):
        return Dimension(axis.name, axis.values, ordered=False)
    ascending = sorted(values, key=lambda text: float(values[text]))
    return Dimension(axis.name, tuple(ascending), ordered=True)
