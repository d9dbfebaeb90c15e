"""Shapes of charts: histograms as outlines, marks as upright lines, axes with their units."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

type Points = list[dict[str, Any]]

# Readable on a light and on a dark ground.
GREY: Final = "#9ca3af"
MAIN: Final = "var(--color-primary-600)"
FILL: Final = "rgba(147, 51, 234, 0.25)"
SECOND: Final = "#ea580c"
MARK: Final = "#2563eb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart for a page.

    Parameters
    ----------
    title
        What is shown.
    data, options
        What Chart.js draws, as JSON texts; empty where there is nothing to draw.
    caption
        What is to be read from it in words and numbers, or why there is nothing.
    """

    title: str
    data: str
    options: str
    caption: str

    @classmethod
    def of(
        cls,
        title: str,
        *series: Mapping[str, Any],
        options: Mapping[str, Any],
        caption: str,
        labels: Sequence[str] = (),
    ) -> "Chart":
        """Return the chart of some series; labels are the places of an axis of words."""
        data = {"datasets": series, **({"labels": labels} if labels else {})}
        return cls(
            title=title,
            data=json.dumps(data, allow_nan=False),
            options=json.dumps(options),
            caption=caption,
        )

    @classmethod
    def missing(cls, title: str, *, reason: str) -> "Chart":
        """Return what stands where there is nothing to draw."""
        return cls(title=title, data="", options="", caption=reason)


def outline(edges: Sequence[float], counts: Sequence[int]) -> Points:
    """Return the outline of a histogram, from the ground up and back to it.

    Parameters
    ----------
    edges
        Of the bins, one more than there are bins, ascending.
    counts
        Of each bin.

    Examples
    --------
    >>> [(point["x"], point["y"]) for point in outline([0, 1, 2], [3, 5])]
    [(0, 0), (0, 3), (1, 3), (1, 5), (2, 5), (2, 0)]
    """
    heights = [0, *counts, 0]
    return [
        {"x": edge, "y": height}
        for place, edge in enumerate(edges)
        for height in (heights[place], heights[place + 1])
    ]


def upright(x: Any, *, low: float, high: float) -> Points:
    """Return an upright line."""
    return [{"x": x, "y": low}, {"x": x, "y": high}]


def line(label: str, points: Points, colour: str, **more: Any) -> dict[str, Any]:
    """Return a series drawn as a line."""
    # Both colours: the legend shows that of the ground.
    return {
        "label": label,
        "data": points,
        "borderColor": colour,
        "backgroundColor": colour,
        "fill": False,
        "tension": 0,
        **more,
    }


def area(label: str, points: Points) -> dict[str, Any]:
    """Return a series drawn as a line with what lies below it."""
    # Behind the others, which may be at its very edge.
    return line(label, points, MAIN, backgroundColor=FILL, fill="origin", borderWidth=1, order=1)


def dots(label: str, points: Points, colour: str, *, radius: int, **more: Any) -> dict[str, Any]:
    """Return a series drawn as dots, their radius in pixels."""
    return line(label, points, colour, showLine=False, pointRadius=radius, **more)


def dashed(label: str, points: Points, colour: str) -> dict[str, Any]:
    """Return a series drawn as a dashed line."""
    return line(label, points, colour, borderDash=[6, 4], borderWidth=1.5)


def axes(x: str, y: str, *, x_type: str = "linear", **y_bounds: float) -> dict[str, Any]:
    """Return the options of a chart with two named axes.

    Parameters
    ----------
    x, y
        Their titles, with the unit.
    x_type
        `linear`, `logarithmic` or `category`.
    y_bounds
        `min` and `max` of the other axis, where they are not those of what is drawn.
    """

    def axis(title: str, **more: Any) -> dict[str, Any]:
        return {
            "title": {"display": True, "text": title, "color": GREY},
            "ticks": {"color": GREY, "maxTicksLimit": 8, "maxRotation": 0},
            "grid": {"lineWidth": 0.5},
            **more,
        }

    labels = {"color": GREY, "usePointStyle": True, "pointStyle": "line", "pointStyleWidth": 20}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "datasets": {"line": {"borderWidth": 2, "pointRadius": 0, "pointHitRadius": 6}},
        "plugins": {"legend": {"align": "end", "labels": labels}},
        "scales": {"x": axis(x, type=x_type), "y": axis(y, **y_bounds)},
    }
