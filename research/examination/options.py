"""What a tool can be told: typed options with defaults and bounds."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, field, fields
from enum import StrEnum
from math import isfinite
from typing import Any, Final, get_args, get_type_hints

from common.domain.errors import InvalidArgument

# How a number that the tool finds by itself is written.
AUTOMATIC: Final = "auto"


def option(default: Any, help_text: str, *, low: float | None = None, high: Any = None) -> Any:
    """Return a field of a tool's options.

    Parameters
    ----------
    default
        What holds where nothing is said; None lets the tool find the number itself.
    help_text
        What it is, with its unit.
    low, high
        The least and the largest number admitted, both included.
    """
    return field(default=default, metadata={"help": help_text, "low": low, "high": high})


def read_options[T](kind: type[T], given: Mapping[str, Any]) -> T:
    """Return options from text or JSON values, the others at their defaults.

    Raises
    ------
    InvalidArgument
        If a name is unknown, or a value of another type or out of range.
    """
    known: dict[str, Field[Any]] = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(given) - set(known))
    if unknown:
        choice = ", ".join(sorted(known)) or "none"
        raise InvalidArgument(f"unknown option {unknown[0]!r}; there are: {choice}")
    hints = get_type_hints(kind)
    values = {name: _read(name, hints[name], value) for name, value in given.items()}
    for name, value in values.items():
        _check(name, value, known[name].metadata)
    return kind(**values)


def describe_options(kind: type[Any]) -> list[dict[str, Any]]:
    """Return what each option is, as JSON values."""
    hints = get_type_hints(kind)
    return [
        {
            "name": each.name,
            "type": _name(hints[each.name]),
            "default": AUTOMATIC if each.default is None else each.default,
            "low": each.metadata["low"],
            "high": each.metadata["high"],
            "choices": [*map(str, hints[each.name])] if _is_choice(hints[each.name]) else None,
            "help": each.metadata["help"],
        }
        for each in fields(kind)
        if each.default is not MISSING
    ]


def write_options(options: Any) -> dict[str, Any]:
    """Return options in full, as JSON values."""
    return asdict(options)


def _read(name: str, hint: Any, value: Any) -> Any:
    if _may_be_automatic(hint):
        if value is None or value == AUTOMATIC:
            return None
        hint = next(each for each in get_args(hint) if each is not type(None))
    try:
        # True is an int to Python, and 1.5 becomes 1: neither was meant.
        if not isinstance(value, bool) and not (hint is int and isinstance(value, float)):
            return hint(value)
    except (TypeError, ValueError):
        pass
    wanted = (
        f"one of {', '.join(map(str, hint))}" if _is_choice(hint) else f"of type {_name(hint)}"
    )
    raise InvalidArgument(f"option {name} is {value!r}, must be {wanted}", option=name)


def _check(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    if not isinstance(value, int | float):
        return
    low, high = metadata["low"], metadata["high"]
    if (
        not isfinite(value)
        or (low is not None and value < low)
        or (high is not None and value > high)
    ):
        raise InvalidArgument(
            f"option {name} is {value}, must be in"
            f" [{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]",
            option=name,
        )


def _may_be_automatic(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _is_choice(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StrEnum)


def _name(hint: Any) -> str:
    if _may_be_automatic(hint):
        return f"{_name(get_args(hint)[0])} or {AUTOMATIC}"
    return "choice" if _is_choice(hint) else str(hint.__name__)
