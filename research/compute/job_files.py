"""The folder of a job: JSON and Arrow files by which a worker and a child talk.

1. The worker writes `request.json`: the question, and where users' strategies lie.
2. The child answers with `strategy.json`: which source it loaded and what warm-up that needs.
3. The worker writes the columns of the market, then `market.json`, which names them.
4. The child writes its progress over and over, then the facts, then `result.json`.

A JSON file appears whole or not at all. Nothing here belongs to one language or one version
of it, so that an engine could have an environment of its own.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from common.domain.errors import Extra, PlatformError
from research.compute.exceptions import InvalidJobFile
from research.domain.question import RunQuestion
from research.domain.question_document import question_from_json, question_to_json
from trading.strategies.parameters import Value

FORMAT_VERSION: Final = 1
REQUEST: Final = "request.json"
STRATEGY: Final = "strategy.json"
MARKET: Final = "market.json"
RESULT: Final = "result.json"
PROGRESS: Final = "progress"
_PROGRESS_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a child is asked.

    Parameters
    ----------
    question
        The question, its parameters as they were given.
    strategy_folder
        Where users keep their strategies.
    """

    question: RunQuestion
    strategy_folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedStrategy:
    """The strategy that a child loaded, which the worker never does.

    Parameters
    ----------
    params
        The full set.
    warm_up
        Bars it needs before the period.
    parameters
        What can be set, as lists show it.
    default_warm_up
        The same at the default parameters.
    """

    key: str
    version: str
    source_hash: str
    contract: str
    summary: str
    origin: str
    params: dict[str, Value]
    warm_up: int
    parameters: list[dict[str, Any]]
    default_warm_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """An error that a child reports.

    Parameters
    ----------
    is_refusal
        True if the engine or the account cannot do what was asked, so that nothing ran.
    """

    code: str
    detail: str
    extra: dict[str, Extra]
    is_refusal: bool = False

    @classmethod
    def of(cls, error: PlatformError, *, is_refusal: bool) -> "JobError":
        """Return an anticipated error as it is reported."""
        return cls(code=error.code, detail=error.detail, extra=error.extra, is_refusal=is_refusal)


def write_request(folder: Path, request: JobRequest) -> None:
    """Ask."""
    document = {
        "question": question_to_json(request.question),
        "strategy_folder": str(request.strategy_folder),
    }
    write_document(folder / REQUEST, document)


def read_request(folder: Path) -> JobRequest:
    """Return what is asked.

    Raises
    ------
    InvalidJobFile
        If the file is missing, of another format, or not such a document.
    """
    document = read_document(folder / REQUEST)
    return JobRequest(
        question=question_from_json(document["question"]),
        strategy_folder=Path(document["strategy_folder"]),
    )


def write_strategy(folder: Path, strategy: LoadedStrategy) -> None:
    """Say which strategy was loaded."""
    write_document(folder / STRATEGY, asdict(strategy))


def read_strategy(folder: Path) -> LoadedStrategy:
    """Return which strategy was loaded.

    Raises
    ------
    InvalidJobFile
        As `read_request`.
    """
    document = read_document(folder / STRATEGY)
    try:
        return LoadedStrategy(**document)
    except TypeError as e:
        raise InvalidJobFile(f"{STRATEGY}: {e}", file=STRATEGY) from e


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file, which is there as a whole or not at all."""
    text = json.dumps({"format_version": FORMAT_VERSION, **document})
    written = path.with_suffix(".part")
    written.write_text(text, encoding="utf-8", errors="backslashreplace")
    written.rename(path)


def read_document(path: Path) -> dict[str, Any]:
    """Return a JSON file that `write_document` wrote.

    Raises
    ------
    InvalidJobFile
        If it is missing, of another format, or no such document.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = document.pop("format_version")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise InvalidJobFile(f"{path.name} cannot be read: {e!r}", file=path.name) from e
    if version != FORMAT_VERSION:
        raise InvalidJobFile(
            f"{path.name} has format {version}, this release reads {FORMAT_VERSION}",
            file=path.name,
        )
    return document


def write_progress(folder: Path, done: float) -> None:
    """Note the fraction done, in [0, 1], in place: the file always has the same length."""
    text = f"{min(max(done, 0.0), 1.0):.6f}"
    (folder / PROGRESS).write_text(text, encoding="ascii")


def read_progress(folder: Path) -> float:
    """Return the fraction done that was noted last, in [0, 1]; 0 before the first."""
    try:
        text = (folder / PROGRESS).read_text(encoding="ascii")
    except FileNotFoundError:
        return 0.0
    # Shorter while it is being written over.
    return float(text) if len(text) == _PROGRESS_DIGITS else 0.0
