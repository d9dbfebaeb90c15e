"""Figures of examinations as the back office draws them."""

import json
from typing import Any, Final

from research.models import Examination
from research.selectors.examinations import described_values
from research.selectors.metrics import format_metric

_COLOURS: Final = (
    "var(--color-primary-600)",
    "rgb(234, 88, 12)",
    "rgb(13, 148, 136)",
    "rgb(120, 113, 108)",
)


def value_table(examination: Examination) -> dict[str, Any]:
    """Return what was found as a table for people."""
    rows = [
        [value["label"], format_metric(value["value"], value["form"]), value["undefined"] or ""]
        for value in described_values(examination)
    ]
    return {"headers": ["value", "", "why there is none"], "rows": rows}


def drawn_figures(examination: Examination) -> list[dict[str, Any]]:
    """Return each figure with its title, as a table or as the data of a chart, JSON text."""
    return [
        {
            "title": figure["title"],
            "kind": figure["kind"],
            "table": _table(figure) if figure["kind"] == "table" else None,
            "data": "" if figure["kind"] == "table" else json.dumps(_chart(figure)),
        }
        for figure in examination.figures.values()
    ]


def _table(figure: dict[str, Any]) -> dict[str, Any]:
    rows = [["-" if cell is None else cell for cell in row] for row in figure["rows"]]
    return {"headers": figure["headers"], "rows": rows}


def _chart(figure: dict[str, Any]) -> dict[str, Any]:
    style = "backgroundColor" if figure["kind"] == "bars" else "borderColor"
    return {
        "labels": figure["x"],
        "datasets": [
            {
                "label": name,
                "data": values,
                style: _COLOURS[place % len(_COLOURS)],
                "displayYAxis": True,
                "maxTicksXLimit": 8,
            }
            for place, (name, values) in enumerate(figure["series"].items())
        ],
    }
