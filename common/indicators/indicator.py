"""What an indicator declares of itself, and how it is computed from bars."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from common.domain.bars import Bars, Floats
from common.domain.errors import Extra, InvalidArgument
from common.domain.timeframe import Timeframe
from common.indicators.columns import check_columns

type Number = int | float
type Params = Mapping[str, Number]

_DAY_SECONDS: Final = 86_400


class InvalidIndicatorParameter(InvalidArgument):
    """A value that a parameter of an indicator does not admit, or an unknown parameter."""

    code = "invalid_indicator_parameter"


class Memory(StrEnum):
    """How far back a value reaches."""

    WINDOW = "window"
    """A fixed number of bars or days; a longer history changes nothing."""

    RECURSIVE = "recursive"
    """Every bar before, fading; after the warm-up a longer history changes < 1e-6 relative."""

    ANCHORED = "anchored"
    """Every bar before, not fading; the value depends on where history starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorParameter:
    """A number in `[low, high]`; whole if its default is whole."""

    name: str
    default: Number
    low: Number
    high: Number

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are admitted."""
        return isinstance(self.default, int)

    def admit(self, value: object) -> Number:
        """Return the value in the parameter's own type.

        Raises
        ------
        InvalidIndicatorParameter
            If it is of another type or out of range; nothing is rounded.
        """
        if isinstance(value, int | float) and not isinstance(value, bool):
            of_kind = isinstance(value, int) or not self.whole
            if of_kind and self.low <= value <= self.high:
                return value if self.whole else float(value)
        kind = "a whole number" if self.whole else "a number"
        raise InvalidIndicatorParameter(
            f"parameter {self.name} is {value!r}, must be {kind} in [{self.low}, {self.high}]",
            parameter=self.name,
        )

    def describe(self) -> dict[str, Extra]:
        """Return name, type, default and bounds as JSON values."""
        return {
            "name": self.name,
            "type": "int" if self.whole else "float",
            "default": self.default,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator: what it reads, what it gives, and when its values can be trusted.

    Parameters
    ----------
    key
        Name, lower case with underscores.
    summary
        One line for lists, with the unit or range, and what a flat market gives.
    source
        Where the formula is published; and TA-Lib's name where that computes it.
    inputs
        Columns of `Bars`, in the order the function takes them.
    parameters
        In the order of lists; the function takes them by name.
    outputs
        Names of what the function returns.
    memory
        How far back a value reaches.
    function
        Maps the columns and parameters to one array of float64 for each output, shape
        (n_bars,), NaN until warm. Pure, and causal: later bars change nothing.
    bars_before
        Number of bars before the first value that can be trusted, from a full set of
        parameters: a window less one, or what makes a recursion forget.
    days_before
        Whole UTC days of bars needed besides.
    """

    key: str
    summary: str
    source: str
    inputs: tuple[str, ...]
    parameters: tuple[IndicatorParameter, ...] = ()
    outputs: tuple[str, ...]
    memory: Memory
    function: Callable[..., Floats | tuple[Floats, ...]]
    bars_before: Callable[[Params], Number]
    days_before: int = 0

    @property
    def anchored(self) -> bool:
        """Whether values depend on where history starts, for good."""
        return self.memory is Memory.ANCHORED

    def admit(self, given: Params) -> dict[str, Number]:
        """Return a full set of parameters: what is given, and the defaults of the rest.

        Raises
        ------
        InvalidIndicatorParameter
            If a name is unknown or a value is not admitted.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        unknown = sorted(set(given) - set(known))
        if unknown:
            listed = ", ".join(known) or "none"
            raise InvalidIndicatorParameter(
                f"unknown parameter {unknown[0]!r}; {self.key} has: {listed}",
                parameter=unknown[0],
            )
        return {
            name: parameter.admit(given.get(name, parameter.default))
            for name, parameter in known.items()
        }

    def warm_up(self, params: Params | None = None, timeframe: Timeframe = Timeframe.M1) -> int:
        """Return how many leading values not to trust.

        Parameters
        ----------
        params
            What differs from the defaults.
        timeframe
            Length of the bars; matters to indicators of whole days only, which by
            default answer for the shortest one.

        Returns
        -------
        int
            From this row on a longer history changes values by less than 1e-9
            relative for windows and 1e-6 for recursions; for an anchored indicator
            this is where values begin.

        Raises
        ------
        InvalidIndicatorParameter
            If a parameter is not admitted.
        """
        bars = int(self.bars_before(self.admit(params or {})))
        return bars + self.days_before * ceil(_DAY_SECONDS / timeframe.seconds)

    def compute(self, bars: Bars, **params: Number) -> dict[str, Floats]:
        """Return every output for closed bars, oldest first.

        Returns
        -------
        dict of str to ndarray of float64, shape (n_bars,)
            In the order of `outputs`; NaN until warm, never infinite.

        Raises
        ------
        InvalidIndicatorParameter
            If a parameter is unknown or not admitted.
        InvalidColumn
            If a column holds NaN or infinity; the message names the first row.
        """
        full = self.admit(params)
        columns = {name: getattr(bars, name) for name in self.inputs}
        check_columns(**{name: column for name, column in columns.items() if name != "open_ns"})
        result = self.function(*columns.values(), **full)
        values = result if isinstance(result, tuple) else (result,)
        return dict(zip(self.outputs, values, strict=True))

    def describe(self) -> dict[str, Extra]:
        """Return the declaration as JSON values, the warm-up at the defaults."""
        return {
            "key": self.key,
            "summary": self.summary,
            "source": self.source,
            "inputs": list(self.inputs),
            "parameters": [parameter.describe() for parameter in self.parameters],
            "outputs": list(self.outputs),
            "warm_up": self.warm_up(),
            "memory": self.memory.value,
            "anchored": self.anchored,
        }


def whole(name: str, default: int, *, low: int = 2, high: int = 10_000) -> IndicatorParameter:
    """Return a parameter that counts bars."""
    return IndicatorParameter(name=name, default=default, low=low, high=high)


def factor(name: str, default: float, *, low: float, high: float) -> IndicatorParameter:
    """Return a parameter that scales."""
    return IndicatorParameter(name=name, default=default, low=low, high=high)
