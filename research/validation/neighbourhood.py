"""Whether the parameters next to the chosen ones earn too, or the choice is a lone peak."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import isfinite
from typing import Final

from common.domain.errors import InvalidArgument
from research.validation.exceptions import NotComputable
from trading.strategies.base import Definition
from trading.strategies.parameters import (
    FloatParameter,
    IntParameter,
    InvalidParameter,
    Parameter,
    Params,
    Value,
)

DEFAULT_FRACTION: Final = 0.2
# All combinations of three numbers moved up, down or not at all are 26 runs; of four, 80.
_MAX_COMBINED: Final = 3


def neighbours(
    definition: Definition, params: Params, *, fraction: float = DEFAULT_FRACTION
) -> tuple[dict[str, Value], ...]:
    """Return the sets in which numbers are moved up or down by a fraction of themselves.

    Parameters
    ----------
    definition
        The strategy, whose types, ranges and rules are respected.
    params
        The chosen set, as `admit` returns it.
    fraction
        How far, in (0, 1).

    Returns
    -------
    tuple of dict
        Full sets, without repeats and without the chosen one: every combination of moves where
        up to three numbers can be moved, each alone where there are more.

    Raises
    ------
    InvalidArgument
        If the fraction is out of range.
    NotComputable
        If nothing can be moved, so the choice has no neighbours.

    Notes
    -----
    Whole numbers move by at least one and are rounded away from the choice; what leaves a range
    stops at its end; a number that is zero, a word or a switch stays as it is. A set that the
    strategy refuses (a fast period above the slow one) is no neighbour.

    Examples
    --------
    >>> from trading.strategies.library.sma_cross import SmaCross
    >>> chosen = SmaCross().admit({"fast": 1, "slow": 10})
    >>> for found in neighbours(SmaCross(), chosen):
    ...     print(found["fast"], found["slow"])
    1 8
    1 12
    2 8
    2 10
    2 12
    """
    if not 0.0 < fraction < 1.0:
        raise InvalidArgument(f"the fraction is {fraction}, must be in (0, 1)")
    chosen = dict(params)
    moves = {
        parameter.name: moved
        for parameter in definition.parameters
        if (moved := _moved(parameter, chosen[parameter.name], fraction))
    }
    found: list[dict[str, Value]] = []
    for candidate in _candidates(chosen, moves):
        try:
            admitted = definition.admit(candidate)
        except InvalidParameter:
            continue
        if admitted not in (chosen, *found):
            found.append(admitted)
    if not found:
        raise NotComputable(f"{definition.key} has no parameter to move, so no neighbours")
    return tuple(found)


def share_positive(results: Sequence[float]) -> float:
    """Return how many neighbours earn more than nothing, as a share of all.

    Parameters
    ----------
    results
        Total return of each neighbour; one that is NaN, of a run that failed, is not positive.

    Raises
    ------
    NotComputable
        If there is none.

    Examples
    --------
    >>> share_positive([0.1, 0.0, float("nan"), 0.2])
    0.5
    """
    if not results:
        raise NotComputable("there are no neighbours")
    return sum(isfinite(value) and value > 0.0 for value in results) / len(results)


def _moved(parameter: Parameter, value: Value, fraction: float) -> list[Value]:
    """Return the value lower and higher, within the range, where that differs from it."""
    match parameter:
        case IntParameter(low=low, high=high):
            number = int(value)
            step = max(1, round(abs(number) * fraction)) if number else 0
            ends: list[Value] = [max(number - step, low), min(number + step, high)]
        case FloatParameter(low=lowest, high=highest):
            size = abs(float(value)) * fraction
            ends = [max(float(value) - size, lowest), min(float(value) + size, highest)]
        case _:
            ends = []
    return [end for end in ends if end != value]


def _candidates(chosen: dict[str, Value], moves: dict[str, list[Value]]) -> Iterator[Params]:
    if len(moves) <= _MAX_COMBINED:
        options = [sorted([chosen[name], *moved]) for name, moved in moves.items()]
        for values in product(*options):
            yield {**chosen, **dict(zip(moves, values, strict=True))}
    else:
        for name, moved in moves.items():
            for value in moved:
                yield {**chosen, name: value}
