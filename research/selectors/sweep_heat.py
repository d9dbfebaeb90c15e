"""A surface of a sweep as a table of colours, each of whose places leads to its sets."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from research.domain.sweep import Objective
from research.models import Sweep
from research.selectors.sweep_bins import BinnedSurface, Place


def shown_axes(sweep: Sweep) -> list[str]:
    """Return the parameters, those of one value last: there is nothing to see along them."""
    return sorted(sweep.grid, key=lambda name: len(set(sweep.grid[name])) < 2)


def heat_table(found: BinnedSurface) -> dict[str, Any]:
    """Return the columns' labels, and for each row its label and its cells."""
    sign = Objective(found.of.metric).sign
    medians = found.medians
    low, high = min(medians.values(), default=0.0), max(medians.values(), default=0.0)
    query = urlencode({"x": found.of.x, "y": found.of.y})

    def cell(place: Place) -> dict[str, str]:
        if place not in medians:
            return {"text": "missing"}
        of_range = (medians[place] - low) / (high - low) if high > low else 0.5
        lean = sign * (2 * of_range - 1)
        colour = "37, 99, 235" if lean > 0 else "234, 88, 12"  # Blue is better, orange worse.
        return {
            "text": f"{medians[place]:.3g}",
            "colour": f"rgba({colour}, {0.6 * abs(lean):.2f})",
            "link": f"?{query}&at={place[0]},{place[1]}#place",
        }

    rows = [
        (label, [cell((column, row)) for column in range(found.x.n_bins)])
        for row, label in enumerate(found.y.labels)
    ]
    return {"headers": found.x.labels, "rows": rows}


def heat_note(found: BinnedSurface) -> str:
    """Return how the table is read."""
    note = "The median of the sets at a place; blue is better, orange worse."
    if found.is_grouped:
        note += (
            f" {len(found.x.values):,} by {len(found.y.values):,} values are shown in groups,"
            " from the first to the last of each."
        )
    return note + " A place leads to its sets."


def axis_choices(names: Sequence[str], *, x: str, y: str) -> list[dict[str, Any]]:
    """Return for each axis the parameters that it could show.

    That of the other axis is swapped with it.
    """
    across = {name: {"x": name, "y": x if name == y else y} for name in names}
    down = {name: {"x": y if name == x else x, "y": name} for name in names}
    return [
        {
            "label": label,
            "choices": [
                {"name": name, "link": f"?{urlencode(axes)}#surface", "is_shown": name == shown}
                for name, axes in choices.items()
            ],
        }
        for label, choices, shown in (("across", across, x), ("down", down, y))
    ]
