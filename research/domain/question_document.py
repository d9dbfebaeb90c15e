"""A question as JSON: how the queue keeps it and a compute child is told."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.question import RunQuestion
from research.domain.settings import EngineSettings, ExecutionStyle, QueueModel


def question_to_json(question: RunQuestion) -> dict[str, Any]:
    """Return a question as JSON values, from which `question_from_json` makes an equal one.

    Raises
    ------
    InvalidArgument
        If it names a strategy file: that runs where the file is, at the terminal.
    """
    if question.native is not None:
        raise InvalidArgument(
            f"{question.native.path.name} is a file at this terminal; the queue runs strategies"
            " of the library and of the configured folder"
        )
    return {
        "strategy": question.strategy_key,
        "engine": question.engine,
        "venue": question.instrument.venue,
        "instrument": question.instrument.symbol,
        "timeframe": question.timeframe.value,
        "params": dict(question.params),
        "start_ns": question.start_ns,
        "end_ns": question.end_ns,
        "cash": question.cash,
        "costs": asdict(question.costs),
        "sizing": str(question.sizing),
        "account": question.account.value,
        "rebalance": question.rebalance.value,
        "settings": question.settings.changed(),
        "seed": question.seed,
        "allow_dirty": question.allow_dirty,
        "experiment": question.experiment,
    }


def question_from_json(document: Mapping[str, Any]) -> RunQuestion:
    """Return the question of a document that `question_to_json` wrote.

    Raises
    ------
    InvalidArgument
        If a value is none that a question admits.
    """
    return RunQuestion(
        strategy_key=document["strategy"],
        engine=document["engine"],
        instrument=InstrumentId(document["instrument"], document["venue"]),
        timeframe=Timeframe(document["timeframe"]),
        params=document["params"],
        start_ns=document["start_ns"],
        end_ns=document["end_ns"],
        cash=float(document["cash"]),
        costs=CostModel(**document["costs"]),
        sizing=Sizing.parse(document["sizing"]),
        account=AccountType(document["account"]),
        rebalance=Rebalance(document["rebalance"]),
        settings=settings_from_json(document["settings"]),
        seed=document["seed"],
        allow_dirty=document["allow_dirty"],
        experiment=document["experiment"],
    )


def settings_from_json(document: Mapping[str, Any]) -> EngineSettings:
    """Return the settings that a document changes, the others at their defaults.

    Raises
    ------
    InvalidArgument
        If a name is unknown or a value not admitted.
    """
    known = {each.name for each in fields(EngineSettings)}
    unknown = sorted(set(document) - known)
    if unknown:
        raise InvalidArgument(
            f"unknown engine setting {unknown[0]!r}; there are: {', '.join(sorted(known))}",
            setting=unknown[0],
        )
    return EngineSettings(**{name: _read_setting(name, value) for name, value in document.items()})


def _read_setting(name: str, value: Any) -> Any:
    default = getattr(EngineSettings(), name)
    try:
        if name in _READERS:
            return _READERS[name](value)
    except ValueError as e:
        raise InvalidArgument(f"engine setting {name}: {e}", setting=name) from e
    # True is an int to Python, and 3 is as good as 3.0 to a person.
    if type(value) is type(default) or (isinstance(default, float) and type(value) is int):
        return type(default)(value)
    raise InvalidArgument(
        f"engine setting {name} is {value!r}, must be of type {type(default).__name__}",
        setting=name,
    )


def _read_protections(value: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InvalidArgument(f"protections are {value!r}, must be a list of objects")
    return tuple(value)


# How a setting that is more than a number or a flag is read from JSON.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "queue": QueueModel,
    "execution": ExecutionStyle,
    "detail": Timeframe,
    "protections": _read_protections,
}
