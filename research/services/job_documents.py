"""What jobs are asked, as their rows keep it."""

from collections.abc import Mapping
from typing import Any

from research.domain.question_document import question_from_json, question_to_json
from research.domain.validation_question import ValidationQuestion
from research.models import Sweep
from research.services.comparisons import ComparisonQuestion
from research.services.sweep_rows import asked_columns, question_of


def comparison_to_json(asked: ComparisonQuestion) -> dict[str, Any]:
    """Return a question to several engines as JSON values."""
    return {
        "question": question_to_json(asked.question),
        "engines": list(asked.engines),
        "ladder": asked.ladder,
    }


def comparison_from_json(document: Mapping[str, Any]) -> ComparisonQuestion:
    """Return the question of a document that `comparison_to_json` wrote.

    Raises
    ------
    InvalidArgument
        If this release does not admit it any more.
    """
    return ComparisonQuestion(
        question=question_from_json(document["question"]),
        engines=tuple(document["engines"]),
        ladder=document["ladder"],
    )


def validation_to_json(asked: ValidationQuestion) -> dict[str, Any]:
    """Return the question of a verdict as JSON values."""
    return {"sweep": asked_columns(asked.sweep), **asked.describe()}


def validation_from_json(document: Mapping[str, Any]) -> ValidationQuestion:
    """Return the question of a document that `validation_to_json` wrote.

    Raises
    ------
    InvalidArgument
        If this release does not admit it any more.
    """
    rest = {name: value for name, value in document.items() if name != "sweep"}
    return ValidationQuestion(sweep=question_of(Sweep(**document["sweep"])), **rest)
