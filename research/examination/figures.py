"""What charts and tables of a finding are drawn from, as JSON values."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from common.domain.bars import Floats

type Figure = dict[str, Any]

_BINS: Final = 30
_POINTS: Final = 400
_ALIKE: Final = 1e-12


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> Figure:
    """Return rows under headers; a cell is text, a number, or None where there is none."""
    return {
        "kind": "table",
        "title": title,
        "headers": [*headers],
        "rows": [[*row] for row in rows],
    }


def bars(title: str, x: Sequence[Any], series: Mapping[str, Sequence[float | None]]) -> Figure:
    """Return heights side by side at each x."""
    return _chart(kind="bars", title=title, x=x, series=series)


def lines(title: str, x: Sequence[Any], series: Mapping[str, Sequence[float | None]]) -> Figure:
    """Return curves over x."""
    return _chart(kind="lines", title=title, x=x, series=series)


def histogram(title: str, values: Floats, *, name: str = "histories") -> Figure:
    """Return how many values fall between equally spaced edges, each bar at its lower edge."""
    low, high = float(values.min()), float(values.max())
    if high - low <= _ALIKE * max(1.0, abs(low), abs(high)):  # Too narrow to be parted.
        return bars(title, [f"{low:.4g}"], {name: [len(values)]})
    counts, edges = np.histogram(values, bins=_BINS)
    return bars(title, [f"{edge:.4g}" for edge in edges[:-1]], {name: counts.tolist()})


def growth(title: str, labels: Sequence[str], columns: Mapping[str, Floats]) -> Figure:
    """Return growth of 1 by simple returns, thinned out to what a screen shows.

    Parameters
    ----------
    labels
        The time of each return.
    columns
        Simple returns by name, each of shape (n_periods,).
    """
    kept = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), _POINTS)).astype(np.intp))
    return lines(
        title,
        [labels[place] for place in kept],
        {
            name: np.cumprod(1.0 + returns)[kept].round(9).tolist()
            for name, returns in columns.items()
        },
    )


def _chart(
    *, kind: str, title: str, x: Sequence[Any], series: Mapping[str, Sequence[float | None]]
) -> Figure:
    return {
        "kind": kind,
        "title": title,
        "x": [*x],
        "series": {name: [*values] for name, values in series.items()},
    }
