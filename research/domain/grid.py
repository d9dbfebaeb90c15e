"""Grids of parameters: which values each takes, and every set that they make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod
from typing import Final

from common.domain.errors import InvalidArgument
from trading.strategies.base import Definition
from trading.strategies.parameters import InvalidParameter, Params, Value

LARGEST_GRID: Final = 1_000_000
_SHORTEST_RANGE: Final = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter and the values it takes, as they are written."""

    name: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Axis":
        """Read `fast=5:20:5`, both ends included, or `fast=5,10,20`.

        Raises
        ------
        InvalidArgument
            If the text is neither, the range runs backwards or its step is not above
            zero, or a value comes twice.

        Examples
        --------
        >>> Axis.parse("fast=5:20:5").values
        ('5', '10', '15', '20')
        """
        name, equals, given = text.partition("=")
        if not (name and equals and given):
            raise InvalidArgument(f"grid {text!r} is not NAME=FIRST:LAST:STEP or NAME=A,B,C")
        values = _range(text, given) if ":" in given else tuple(given.split(","))
        if len(set(values)) != len(values) or not all(values):
            raise InvalidArgument(f"grid {text!r} has a value twice, or an empty one")
        return cls(name, values)

    @property
    def written(self) -> str:
        """The text that `parse` reads: a range where it is one, else a list.

        Examples
        --------
        >>> Axis("fast", ("5", "10", "15")).written
        'fast=5:15:5'
        """
        listed = f"{self.name}={','.join(self.values)}"
        if len(self.values) < _SHORTEST_RANGE:
            return listed
        try:
            step = Decimal(self.values[1]) - Decimal(self.values[0])
            ranged = f"{self.name}={self.values[0]}:{self.values[-1]}:{step:f}"
            return ranged if Axis.parse(ranged) == self else listed
        except (ArithmeticError, InvalidArgument):
            return listed


def _range(text: str, given: str) -> tuple[str, ...]:
    try:
        first, last, step = map(Decimal, given.split(":"))
        steps = (last - first) / step
        # A number of thousands of digits is not even to be written.
        count = int(min(steps, Decimal(LARGEST_GRID))) + 1
    except (ValueError, ArithmeticError, InvalidOperation) as e:
        raise InvalidArgument(f"grid {text!r} is not NAME=FIRST:LAST:STEP") from e
    if step <= 0 or last < first:
        raise InvalidArgument(
            f"grid {text!r} runs from {first} to {last} in steps of {step}: the step must be"
            " above zero and the last not below the first"
        )
    if count > LARGEST_GRID:
        raise InvalidArgument(f"grid {text!r} has more values than {LARGEST_GRID}")
    return tuple(f"{first + step * number:f}" for number in range(count))


@dataclass(frozen=True, slots=True)
class Grid:
    """The product of the axes; the last one varies fastest.

    Raises
    ------
    InvalidArgument
        If there is no axis, or one comes twice.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        if not names or len(set(names)) != len(names):
            raise InvalidArgument(f"a grid has each parameter once, here: {', '.join(names)}")

    @classmethod
    def parse(cls, texts: Sequence[str]) -> "Grid":
        """Read one axis from each text; see `Axis.parse`."""
        return cls(tuple(map(Axis.parse, texts)))

    @property
    def size(self) -> int:
        """How many sets the axes make, those that contradict themselves included."""
        return prod(len(axis.values) for axis in self.axes)

    def describe(self) -> dict[str, list[str]]:
        """Return the values by parameter, as JSON values."""
        return {axis.name: list(axis.values) for axis in self.axes}

    def written(self, first: int, count: int) -> list[dict[str, str]]:
        """Return some sets by their places, as they are written, not completed.

        Examples
        --------
        >>> Grid.parse(["fast=1,2", "slow=8,9"]).written(1, 2)
        [{'fast': '1', 'slow': '9'}, {'fast': '2', 'slow': '8'}]
        """
        found = []
        for place in range(first, min(first + count, self.size)):
            rest, params = place, {}
            for axis in reversed(self.axes):
                rest, position = divmod(rest, len(axis.values))
                params[axis.name] = axis.values[position]
            found.append({axis.name: params[axis.name] for axis in self.axes})
        return found

    def check_fixed(self, fixed: Params) -> None:
        """Refuse a parameter that is both fixed and on the grid.

        Raises
        ------
        InvalidArgument
            If there is one.
        """
        both = sorted(set(fixed) & {axis.name for axis in self.axes})
        if both:
            raise InvalidArgument(f"parameter {both[0]} is both fixed and on the grid")

    def check(self, strategy: Definition, fixed: Params) -> None:
        """Refuse what no set could be made of.

        Raises
        ------
        InvalidParameter
            If a name is unknown, or a value out of range whatever the others are.
        InvalidArgument
            If a parameter is both fixed and on the grid.
        """
        self.check_fixed(fixed)
        known = {parameter.name: parameter for parameter in strategy.parameters}
        for axis in self.axes:
            if axis.name not in known:
                strategy.admit({axis.name: axis.values[0]})  # Raises, and names those there are.
            for value in axis.values:
                known[axis.name].admit(value)


def admit_each(
    strategy: Definition, fixed: Params, sets: Iterable[Mapping[str, Value]]
) -> Iterator[dict[str, Value] | None]:
    """Yield each set in full, or None where it contradicts itself or the strategy refuses it.

    Parameters
    ----------
    fixed
        Values of parameters that a set does not name; the rest are the defaults.
    """
    for params in sets:
        try:
            yield strategy.admit({**fixed, **params})
        except InvalidParameter:
            yield None
