"""The columns of a sweep that say what is asked, and the question they make again."""

import uuid
from typing import Any, Final

from common.domain.errors import InvalidArgument
from research.domain.question_document import question_from_json, question_to_json
from research.domain.search import Search
from research.domain.set_list import SetList
from research.domain.space_document import space_from_json, space_to_json
from research.domain.sweep import Objective, SweepQuestion
from research.models import Sweep

_GRID: Final = "grid"
_LIST: Final = "list"
_STUDY: Final = "study"


def asked_columns(question: SweepQuestion) -> dict[str, Any]:
    """Return the columns of a sweep that are as they were asked."""
    search, space = question.search, space_to_json(question.grid)
    listed = _LIST if isinstance(question.grid, SetList) else _GRID
    names = [objective.metric for objective in question.objectives]
    return {
        "question": question_to_json(question.question),
        "engine": question.question.engine,
        "grid": question.grid.describe(),
        "method": listed if search is None else search.method,
        "search": {"space": space, **({} if search is None else search.describe())},
        "objective": question.objective.metric,
        "objectives": names if question.further else [],
        "min_round_trips": question.min_round_trips,
        "budget_bytes": question.budget_bytes,
        "n_sets": question.n_places,
    }


def new_columns(question: SweepQuestion) -> dict[str, Any]:
    """Return the columns of a new row: what is asked, and the name of its own study."""
    columns = asked_columns(question)
    if question.search is not None:
        # Not its number: studies outlive a database that is begun anew.
        columns["search"][_STUDY] = f"sweep-{uuid.uuid4().hex}"
    return columns


def study_name(sweep: Sweep) -> str:
    """Return the name of the study of a search."""
    return str(sweep.search[_STUDY])


def question_of(sweep: Sweep) -> SweepQuestion:
    """Return the question that a sweep was asked.

    Raises
    ------
    InvalidArgument
        If this release does not admit it any more.
    """
    found = dict(sweep.search)
    if "space" not in found:
        raise InvalidArgument(
            f"{sweep} is of a release that did not keep its sets as they were asked: sweep anew",
            sweep=sweep.pk,
        )
    space = space_from_json(found.pop("space"))
    found.pop(_STUDY, None)
    searched = sweep.method not in {_GRID, _LIST}
    return SweepQuestion(
        question=question_from_json(sweep.question),
        grid=space,
        search=Search.of(sweep.method, found) if searched else None,
        objective=Objective(sweep.objective),
        further=tuple(map(Objective, sweep.objectives[1:])),
        min_round_trips=sweep.min_round_trips,
        budget_bytes=sweep.budget_bytes,
    )
