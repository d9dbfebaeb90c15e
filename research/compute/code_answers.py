"""What a child answers to a question of a strategy's code, and the files of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from common.domain.memory import peak_rss_bytes
from research.compute import job_files
from research.compute.answering import (
    await_market,
    check_unchanged,
    describe,
    load,
    request_of,
    warm_up_of,
)
from research.compute.code_questions import ask_code
from research.compute.job_files import read_document, write_document
from research.compute.result_files import JobResult
from research.domain.question import RunQuestion
from research.domain.question_document import question_from_json, question_to_json
from research.examination.facts import Asked

REQUEST: Final = "code.json"
_ANSWER: Final = "answer.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRequest:
    """What a child is asked of a strategy's code.

    Parameters
    ----------
    name
        Of a question in `code_questions`; without one the child only loads the strategy.
    options
        What the question needs, as JSON values.
    """

    question: RunQuestion
    strategy_folder: Path
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def write_request(folder: Path, request: CodeRequest) -> None:
    """Ask."""
    document = {
        "question": question_to_json(request.question),
        "strategy_folder": str(request.strategy_folder),
        "name": request.name,
        "options": dict(request.options),
    }
    write_document(folder / REQUEST, document)


def read_answer(folder: Path) -> dict[str, Any]:
    """Return what the child answered.

    Raises
    ------
    InvalidJobFile
        If the file is missing, of another format, or no such document.
    """
    return read_document(folder / _ANSWER)


def answer(job: Path) -> JobResult:
    """Load the strategy, and ask it what the folder asks.

    Raises
    ------
    PlatformError
        What the strategy or the question refuses, and MarketChanged.
    """
    asked = _read_request(job)
    strategy = load(asked.question.strategy_key, asked.strategy_folder)
    params = strategy.admit(asked.question.params)
    job_files.write_strategy(job, describe(strategy, params, warm_up_of(strategy, params)))
    began = perf_counter()
    if asked.name:
        market = await_market(job)
        began = perf_counter()
        known = Asked(
            request=request_of(asked.question, strategy, params),
            market=market.market,
            engine=asked.question.engine,
        )
        found = ask_code(asked.name, known, asked.options)
        check_unchanged(market)
        write_document(job / _ANSWER, found)
    return JobResult(
        facts=None,
        error=None,
        engine_seconds=perf_counter() - began,
        peak_rss_bytes=peak_rss_bytes(),
    )


def _read_request(folder: Path) -> CodeRequest:
    document = read_document(folder / REQUEST)
    return CodeRequest(
        question=question_from_json(document["question"]),
        strategy_folder=Path(document["strategy_folder"]),
        name=document["name"],
        options=document["options"],
    )
