"""Figures of examinations as the back office draws them."""

import json
from typing import Any, Final

from research.models import Examination
from research.selectors.chart_shapes import axes
from research.selectors.examinations import described_values, figures_in_order
from research.selectors.metrics import format_metric

_COLOURS: Final = (
    "var(--color-primary-600)",
    "rgb(234, 88, 12)",
    "rgb(13, 148, 136)",
    "rgb(120, 113, 108)",
)


def value_table(examination: Examination) -> dict[str, Any]:
    """Return what was found as a table for people."""
    headers = ["value", "", *(["why there is none"] if examination.undefined else [])]
    rows = [
        [value["label"], format_metric(value["value"], value["form"]), value["undefined"] or ""]
        for value in described_values(examination)
    ]
    return {"headers": headers, "rows": [row[: len(headers)] for row in rows]}


def drawn_figures(examination: Examination) -> list[dict[str, Any]]:
    """Return each figure with its title, as a table or as what Chart.js draws, JSON texts."""
    return [_drawn(figure) for figure in figures_in_order(examination)]


def _drawn(figure: dict[str, Any]) -> dict[str, Any]:
    shown = {"title": figure["title"], "kind": figure["kind"]}
    if figure["kind"] == "table":
        rows = [["-" if cell is None else cell for cell in row] for row in figure["rows"]]
        return {**shown, "table": {"headers": figure["headers"], "rows": rows}}
    return {**shown, "data": json.dumps(_data(figure)), "options": json.dumps(_options(figure))}


def _data(figure: dict[str, Any]) -> dict[str, Any]:
    return {
        "labels": figure["x"],
        "datasets": [
            {
                "label": name,
                "data": values,
                "backgroundColor": _COLOURS[place % len(_COLOURS)],
                "borderColor": _COLOURS[place % len(_COLOURS)],
            }
            for place, (name, values) in enumerate(figure["series"].items())
        ],
    }


def _options(figure: dict[str, Any]) -> dict[str, Any]:
    options = axes("", ", ".join(figure["series"]), x_type="category")
    # The axis says what a single series is.
    options["plugins"] = {"legend": {"display": len(figure["series"]) > 1}}
    return options
