"""Typed parameters of strategies: default, range, and reading them from text."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import override

import numpy as np

from common.domain.errors import InvalidArgument

type Value = int | float | str | bool
type Params = Mapping[str, Value]


class InvalidParameter(InvalidArgument):
    """A value that a parameter does not admit, or a parameter the strategy does not have."""

    code = "invalid_parameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(ABC):
    """One parameter: its name, its default, and what it admits."""

    name: str
    default: Value

    @abstractmethod
    def admit(self, value: Value) -> Value:
        """Return the value in the parameter's own type.

        Strings are read, as from a command line; a value of another type is
        refused rather than rounded.

        Raises
        ------
        InvalidParameter
            If the value is of the wrong type or out of range.
        """

    @abstractmethod
    def describe(self) -> dict[str, Value | list[Value]]:
        """Return type, default and bounds as JSON values."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Value:
        """Return a random value that is admitted, for tests over many sets.

        Numbers whose range is positive are drawn evenly on the logarithmic scale:
        short and long periods are then tried equally often.
        """


def _refuse(name: str, value: Value, bound: str) -> InvalidParameter:
    # NaN and infinity have no form in JSON, so the facts for machines carry them as text.
    shown = value if not isinstance(value, float) or isfinite(value) else str(value)
    return InvalidParameter(
        f"parameter {name} is {value!r}, must be {bound}", parameter=name, value=shown
    )


def _draw(low: float, high: float, rng: np.random.Generator) -> float:
    if low > 0:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return float(rng.uniform(low, high))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntParameter(Parameter):
    """A whole number in `[low, high]`.

    Raises
    ------
    InvalidParameter
        If the default is not admitted.
    """

    default: int
    low: int
    high: int

    def __post_init__(self) -> None:
        self.admit(self.default)

    @override
    def admit(self, value: Value) -> int:
        bound = f"a whole number in [{self.low}, {self.high}]"
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError as e:
            raise _refuse(self.name, value, bound) from e
        if isinstance(number, bool) or not isinstance(number, int):
            raise _refuse(self.name, value, bound)
        if not self.low <= number <= self.high:
            raise _refuse(self.name, value, bound)
        return number

    @override
    def describe(self) -> dict[str, Value | list[Value]]:
        return {"type": "int", "default": self.default, "low": self.low, "high": self.high}

    @override
    def draw(self, rng: np.random.Generator) -> int:
        return min(max(round(_draw(self.low, self.high, rng)), self.low), self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatParameter(Parameter):
    """A finite number in `[low, high]`.

    Raises
    ------
    InvalidParameter
        If the default is not admitted.
    """

    default: float
    low: float
    high: float

    def __post_init__(self) -> None:
        self.admit(self.default)

    @override
    def admit(self, value: Value) -> float:
        bound = f"a number in [{self.low}, {self.high}]"
        if isinstance(value, bool):
            raise _refuse(self.name, value, bound)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError) as e:
            raise _refuse(self.name, value, bound) from e
        if not (isfinite(number) and self.low <= number <= self.high):
            raise _refuse(self.name, value, bound)
        return number + 0.0  # -0.0 becomes 0.0: equal sets must be written alike

    @override
    def describe(self) -> dict[str, Value | list[Value]]:
        return {"type": "float", "default": self.default, "low": self.low, "high": self.high}

    @override
    def draw(self, rng: np.random.Generator) -> float:
        return min(max(_draw(self.low, self.high, rng), self.low), self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceParameter(Parameter):
    """One of a few values; from text each is written as JSON writes it, or bare.

    Raises
    ------
    InvalidParameter
        If the default is none of them.
    """

    choices: tuple[Value, ...]

    def __post_init__(self) -> None:
        self.admit(self.default)

    @override
    def admit(self, value: Value) -> Value:
        for choice in self.choices:
            if type(value) is type(choice) and value == choice:
                return choice
            if isinstance(value, str) and value == str(choice).lower():
                return choice
        raise _refuse(self.name, value, f"one of {self._names()}")

    def _names(self) -> str:
        return ", ".join(str(choice).lower() for choice in self.choices)

    @override
    def describe(self) -> dict[str, Value | list[Value]]:
        return {"type": "choice", "default": self.default, "choices": list(self.choices)}

    @override
    def draw(self, rng: np.random.Generator) -> Value:
        return self.choices[int(rng.integers(len(self.choices)))]


def admit_all(parameters: tuple[Parameter, ...], given: Params) -> dict[str, Value]:
    """Return a full set of parameters: what is given, and the defaults of the rest.

    Raises
    ------
    InvalidParameter
        If a name is unknown or a value is not admitted.
    """
    known = {parameter.name: parameter for parameter in parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        listed = ", ".join(known) or "none"
        raise InvalidParameter(
            f"unknown parameter {unknown[0]!r}; the strategy has: {listed}", parameter=unknown[0]
        )
    return {
        name: parameter.admit(given.get(name, parameter.default))
        for name, parameter in known.items()
    }
