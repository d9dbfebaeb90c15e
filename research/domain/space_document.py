"""A grid or a list of sets as JSON: how a sweep's row keeps it and a compute child is told."""

from collections.abc import Mapping
from typing import Any

from research.domain.grid import Axis, Grid
from research.domain.set_list import SetList


def space_to_json(space: Grid | SetList) -> dict[str, Any]:
    """Return a space as JSON values, from which `space_from_json` makes an equal one."""
    if isinstance(space, Grid):
        return {"axes": [[axis.name, list(axis.values)] for axis in space.axes]}
    return {"sets": [dict(params) for params in space.given]}


def space_from_json(document: Mapping[str, Any]) -> Grid | SetList:
    """Return the space of a document that `space_to_json` wrote.

    Raises
    ------
    InvalidArgument
        If it is none.
    """
    if "axes" in document:
        return Grid(tuple(Axis(name, tuple(values)) for name, values in document["axes"]))
    return SetList(tuple(document["sets"]))
