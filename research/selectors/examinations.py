"""Examinations: one by number, those of a run or a sweep, and one as a document."""

from typing import Any

from django.db.models import QuerySet

from research.examination.registry import TOOLS, get_tool
from research.exceptions import UnknownExamination
from research.models import Examination, Run, Sweep

_RELATED = ("run__strategy_version__strategy", "sweep__strategy_version__strategy")


def list_examinations() -> QuerySet[Examination]:
    """Return all examinations with what they name, in one query."""
    return Examination.objects.select_related(*_RELATED)


def examinations_of(subject: Run | Sweep) -> QuerySet[Examination]:
    """Return the examinations of a run or a sweep, the newest first, without their figures."""
    return subject.examinations.defer("figures").order_by("-pk")


def get_examination(number: int) -> Examination:
    """Return an examination.

    Raises
    ------
    UnknownExamination
        If there is none of that number.
    """
    found = list_examinations().filter(pk=number).first()
    if found is None:
        raise UnknownExamination(f"no examination {number}", examination=number)
    return found


def tool_title(key: str) -> str:
    """Return the name of a tool for people; of one that is no more, its key."""
    return get_tool(key).title if key in TOOLS else key


def described_values(examination: Examination) -> list[dict[str, Any]]:
    """Return each value with what it is, how it is written, and why it is undefined."""
    stated = get_tool(examination.tool).values if examination.tool in TOOLS else ()
    labels = {value.key: (value.label, value.form.value) for value in stated}
    return [
        {
            "key": key,
            "label": labels.get(key, (key, "number"))[0],
            "form": labels.get(key, (key, "number"))[1],
            "value": value,
            "undefined": examination.undefined.get(key),
        }
        for key, value in _in_order(examination.values, list(labels))
    ]


def figures_in_order(examination: Examination) -> list[dict[str, Any]]:
    """Return what charts and tables are drawn from, in the order in which the tool made them."""
    return sorted(examination.figures.values(), key=lambda figure: figure["place"])


def describe_examination(examination: Examination) -> dict[str, Any]:
    """Return an examination as the document that commands and the API show."""
    return {
        "examination_id": examination.pk,
        "tool": examination.tool,
        "title": tool_title(examination.tool),
        "run_id": examination.run_id,
        "sweep_id": examination.sweep_id,
        "strategy": _strategy(examination),
        "options": examination.options,
        "seed": examination.seed,
        "passed": examination.passed,
        "sentence": examination.sentence,
        "values": described_values(examination),
        "figures": examination.figures,
        "seconds": examination.seconds,
        "provenance": {**examination.provenance, "code_hash": examination.code_hash},
    }


def _strategy(examination: Examination) -> str:
    subject = examination.run or examination.sweep
    return subject.strategy_version.strategy.key if subject else ""


def _in_order(values: dict[str, Any], keys: list[str]) -> list[tuple[str, Any]]:
    # A database keeps JSON objects in an order of its own.
    known = [key for key in keys if key in values]
    return [(key, values[key]) for key in [*known, *sorted(set(values) - set(known))]]
