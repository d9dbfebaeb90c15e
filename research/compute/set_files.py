"""Files by which sets of parameters are asked of a child, and how it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from research.compute.arrow_files import read_columns, write_columns
from research.compute.job_files import read_document, write_document
from research.compute.set_trials import Tried
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.question_document import question_from_json, question_to_json
from research.domain.set_list import SetList
from research.domain.space_document import space_from_json, space_to_json
from research.validation.daily_facts import DailyFacts
from trading.strategies.parameters import Value

REQUEST: Final = "sets.json"
SURVEY: Final = "survey.json"
_TRIED: Final = "tried.json"
_DAYS: Final = "days.arrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsRequest:
    """What a child is asked of many sets: to look at a space, or to try some of it.

    Parameters
    ----------
    question
        What all sets have in common, with the parameters that stay fixed.
    strategy_folder
        Where users keep their strategies.
    space
        The space to look at; None where sets are tried.
    is_counted
        Whether every set of the space is looked at, or its axes alone.
    sets
        The sets to try, as they are written.
    """

    question: RunQuestion
    strategy_folder: Path
    space: Grid | SetList | None = None
    is_counted: bool = True
    sets: tuple[Mapping[str, Value], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is to be known of a space before any of it is tried.

    Parameters
    ----------
    warm_up
        Bars before the period that its sets need; 0 where they were not counted.
    n_contradictory
        Sets that contradict themselves; 0 likewise.
    """

    warm_up: int
    n_contradictory: int


type TriedSet = tuple[dict[str, Value], Tried] | None


def write_request(folder: Path, request: SetsRequest) -> None:
    """Ask."""
    document = {
        "question": question_to_json(request.question),
        "strategy_folder": str(request.strategy_folder),
        "space": None if request.space is None else space_to_json(request.space),
        "is_counted": request.is_counted,
        "sets": [dict(params) for params in request.sets],
    }
    write_document(folder / REQUEST, document)


def read_request(folder: Path) -> SetsRequest:
    """Return what is asked.

    Raises
    ------
    InvalidJobFile
        If the file is missing, of another format, or not such a document.
    """
    document = read_document(folder / REQUEST)
    space = document["space"]
    return SetsRequest(
        question=question_from_json(document["question"]),
        strategy_folder=Path(document["strategy_folder"]),
        space=None if space is None else space_from_json(space),
        is_counted=document["is_counted"],
        sets=tuple(document["sets"]),
    )


def write_survey(folder: Path, found: Survey) -> None:
    """Say what a space is like."""
    write_document(
        folder / SURVEY, {"warm_up": found.warm_up, "n_contradictory": found.n_contradictory}
    )


def read_survey(folder: Path) -> Survey:
    """Return what a space is like.

    Raises
    ------
    InvalidJobFile
        As `read_request`.
    """
    return Survey(**read_document(folder / SURVEY))


def write_tried(folder: Path, tried: Sequence[TriedSet]) -> None:
    """Say what each set came to, in the order asked; None where it contradicts itself."""
    days = [each[1].daily for each in tried if each is not None and each[1].daily is not None]
    if days:
        columns = {
            "returns": np.concatenate([one.returns for one in days]),
            "round_trips": np.concatenate([one.round_trips for one in days]),
        }
        write_columns(folder / _DAYS, columns)
    n_days = len(days[0].returns) if days else 0
    documents = [None if each is None else _describe(*each) for each in tried]
    write_document(folder / _TRIED, {"tried": documents, "n_days": n_days})


def read_tried(folder: Path) -> list[TriedSet]:
    """Return what each set came to.

    Raises
    ------
    InvalidJobFile
        As `read_request`.
    """
    document = read_document(folder / _TRIED)
    days = iter(_read_days(folder, document["n_days"]))
    return [
        None
        if each is None
        else (
            each["params"],
            Tried(each["metrics"], each["error"], next(days) if each["has_days"] else None),
        )
        for each in document["tried"]
    ]


def _describe(params: dict[str, Value], tried: Tried) -> dict[str, Any]:
    return {
        "params": params,
        "metrics": tried.metrics,
        "error": tried.error,
        "has_days": tried.daily is not None,
    }


def _read_days(folder: Path, n_days: int) -> list[DailyFacts]:
    if not n_days:
        return []
    columns = read_columns(folder / _DAYS)
    # Copies: the file goes with the folder.
    returns = columns["returns"].reshape(-1, n_days).copy()
    round_trips = columns["round_trips"].reshape(-1, n_days).copy()
    return [DailyFacts(r, t) for r, t in zip(returns, round_trips, strict=True)]
