"""What must be true of a strategy before anything asks it."""

import re
from typing import Final

from trading.strategies.base import Definition, Strategy
from trading.strategies.parameters import Parameter

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
# Lengths of the columns in which strategies are recorded.
_LONGEST: Final = {"version": 32, "summary": 200}


def first_fault(kind: type[Definition]) -> str | None:
    """Return the first way in which a class breaks the contract, as a phrase, or None.

    Parameters
    ----------
    kind
        A subclass of `Strategy` or `QuotingStrategy`; it is instantiated, and its
        defaults are admitted, so that its own errors come through.
    """
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        return f"{kind.__name__} does not define {', '.join(missing)}"
    return _text_fault(kind) or _parameters_fault(kind) or _defaults_fault(kind)


def _text_fault(kind: type[Definition]) -> str | None:
    key = getattr(kind, "key", None)
    if key is None:
        return f"{kind.__name__} has no key"
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return f"key is {key!r}, must be lower case letters, digits and _, 64 at most"
    for name, longest in _LONGEST.items():
        text = getattr(kind, name, None)
        if text is None:
            return f"{kind.__name__} has no {name}"
        if not isinstance(text, str) or not text.strip() or "\n" in text or len(text) > longest:
            return f"{name} is {text!r}, must be one line of 1 to {longest} characters"
    return None


def _parameters_fault(kind: type[Definition]) -> str | None:
    listed: object = kind.parameters
    if not isinstance(listed, tuple):
        return f"parameters is a {type(listed).__name__}, must be a tuple"
    names: list[str] = []
    for parameter in listed:
        if not isinstance(parameter, Parameter):
            return f"parameters holds {parameter!r}, which is no parameter"
        names.append(parameter.name)
    repeated = sorted({name for name in names if names.count(name) > 1})
    return f"parameter {repeated[0]} is declared twice" if repeated else None


def _defaults_fault(kind: type[Definition]) -> str | None:
    definition = kind()
    defaults = definition.admit({})
    if not isinstance(definition, Strategy):
        return None
    bars: object = definition.warm_up(defaults)
    if isinstance(bars, bool) or not isinstance(bars, int) or bars < 0:
        return f"warm_up at the defaults is {bars!r}, must be a whole number >= 0"
    definition.can_short(defaults)
    definition.stops(defaults)
    return None
