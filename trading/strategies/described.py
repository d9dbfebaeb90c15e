"""Parameters from their descriptions: values are admitted without the strategy's code."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from trading.strategies.parameters import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    Params,
    Value,
    admit_all,
)


def _int(facts: Mapping[str, Any]) -> Parameter:
    return IntParameter(**facts)


def _float(facts: Mapping[str, Any]) -> Parameter:
    return FloatParameter(**facts)


def _choice(facts: Mapping[str, Any]) -> Parameter:
    return ChoiceParameter(
        name=facts["name"], default=facts["default"], choices=tuple(facts["choices"])
    )


_KINDS: Final[Mapping[str, Callable[[Mapping[str, Any]], Parameter]]] = {
    "choice": _choice,
    "float": _float,
    "int": _int,
}


def admit_described(described: Sequence[Mapping[str, Any]], given: Params) -> dict[str, Value]:
    """Return a full set of parameters: what is given, and the defaults of the rest.

    Parameters
    ----------
    described
        The parameters of a strategy as a listing describes them.
    given
        Values by name.

    Raises
    ------
    InvalidParameter
        If a name is unknown or a value is not admitted. What only the strategy itself can
        refuse, such as a fast period above the slow one, is not refused here.
    """
    return admit_all(described_parameters(described), given)


def described_parameters(described: Sequence[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    """Return the parameters that a listing describes."""
    return tuple(map(_parameter, described))


def _parameter(described: Mapping[str, Any]) -> Parameter:
    facts = {name: value for name, value in described.items() if name != "type"}
    return _KINDS[described["type"]](facts)
