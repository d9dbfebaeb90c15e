"""Examinations as text for a terminal."""

from textwrap import fill
from typing import Any, Final

from common.commands import columns
from research.examination.options import AUTOMATIC
from research.selectors.metrics import format_metric

_WIDTH: Final = 96
# A curve of more points says more as a chart, which the back office draws.
_MOST_POINTS: Final = 16
_VERDICTS: Final = {True: "pass", False: "FAIL", None: "described"}


def render_examinations(documents: list[dict[str, Any]]) -> str:
    """Return each examination as a page of its own."""
    return "\n\n".join(map(render_examination, documents))


def render_examination(document: dict[str, Any]) -> str:
    """Return the sentence, the values, and what can be shown as a table."""
    subject = (
        f"sweep {document['sweep_id']}" if document["run_id"] is None else
        f"run {document['run_id']}"
    )  # fmt: skip
    heading = (
        f"examination {document['examination_id']} {_VERDICTS[document['passed']]}:"
        f" {document['title']} of {subject}, {document['strategy']}"
        f" ({document['seconds']:.1f} s)"
    )
    options = " ".join(
        f"{name}={AUTOMATIC if value is None else value}"
        for name, value in document["options"].items()
    )
    told = f"seed={document['seed']} {options}".rstrip()
    rows = [
        [f"  {value['label']}", format_metric(value["value"], value["form"])]
        for value in document["values"]
    ]
    reasons = sorted({value["undefined"] for value in document["values"]} - {None})
    return "\n".join([
        heading,
        told,
        fill(document["sentence"], width=_WIDTH),
        columns([["  value", ""], *rows]),
        *(fill(f"  -: {reason}", width=_WIDTH, subsequent_indent="     ") for reason in reasons),
        *_tables(document["figures"]),
    ])


def _tables(figures: dict[str, Any]) -> list[str]:
    in_order = sorted(figures.values(), key=lambda figure: figure["place"])
    shown = [(figure["title"], _rows(figure)) for figure in in_order]
    return [f"\n{title}\n{columns(rows)}" for title, rows in shown if rows]


def _rows(figure: dict[str, Any]) -> list[list[str]]:
    if figure["kind"] == "table":
        return [figure["headers"], *([_text(cell) for cell in row] for row in figure["rows"])]
    # What bars show is in a table beside them, or a matter of the eye.
    if figure["kind"] == "bars" or len(figure["x"]) > _MOST_POINTS:
        return []
    names, series = list(figure["series"]), list(figure["series"].values())
    points = zip(figure["x"], *series, strict=True)
    return [["", *names], *([_text(cell) for cell in point] for point in points)]


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
