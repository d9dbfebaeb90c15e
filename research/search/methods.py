"""The methods by which a search chooses its next sets, and what each can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from research.search.exceptions import UnknownMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way of choosing sets.

    Parameters
    ----------
    name, summary
        What it is called, and what it does in a sentence.
    several_objectives
        Whether it can weigh more than one objective.
    prunes
        Whether sets may be given up half-way.
    numbers_only
        Whether every parameter searched must be a number.
    """

    name: str
    summary: str
    several_objectives: bool
    prunes: bool
    numbers_only: bool = False


_ALL: Final = (
    Method(
        name="random",
        summary="Draws every set evenly: the measure of what the others gain.",
        several_objectives=True,
        prunes=True,
    ),
    Method(
        name="tpe",
        summary="Models where good sets lie and where the others do; few trials go far.",
        several_objectives=True,
        prunes=True,
    ),
    # The next two learn from whole populations. A set given up half-way has no value to be
    # ranked by among those tried to the end, and would be missing from its population.
    Method(
        name="cmaes",
        summary="Moves a normal distribution towards the better sets; numbers only.",
        several_objectives=False,
        prunes=False,
        numbers_only=True,
    ),
    Method(
        name="nsga2",
        summary="Breeds the sets that no other beats in every objective.",
        several_objectives=True,
        prunes=False,
    ),
)

METHODS: Final[Mapping[str, Method]] = MappingProxyType({method.name: method for method in _ALL})


def get_method(name: str) -> Method:
    """Return the method of that name.

    Raises
    ------
    UnknownMethod
        If there is none.
    """
    if name not in METHODS:
        known = list(METHODS)
        raise UnknownMethod(
            f"search method {name!r} is none of: {', '.join(known)}", method=name, known=[*known]
        )
    return METHODS[name]
