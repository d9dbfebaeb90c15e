"""How much the choice of parameters wanders from one window to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from common.domain.errors import InvalidInput
from research.validation.exceptions import TooFewPeriods
from trading.strategies.parameters import Params, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """One parameter over the windows of a walk-forward.

    Parameters
    ----------
    name
        The parameter.
    values
        What was chosen in each window.
    unchanged
        Share of windows after the first that kept the value of the window before, in [0, 1].
    step
        Mean size of the change from window to window over the mean size of the values: 0 never
        changes, 0.5 moves by half of itself each time. None for what is not a number, and where
        all values are zero.
    """

    name: str
    values: tuple[Value, ...]
    unchanged: float
    step: float | None


def stability(choices: Sequence[Params]) -> tuple[Stability, ...]:
    """Return for each parameter how much its choice wanders.

    Parameters
    ----------
    choices
        The sets chosen, in the order of time, all with the same names; at least two.

    Raises
    ------
    TooFewPeriods
        If there are fewer than two windows.
    InvalidInput
        If a set has other names than the first.

    Examples
    --------
    Steps of 10 and 0 around a mean of 50/3:

    >>> found = stability([{"period": 10}, {"period": 20}, {"period": 20}])[0]
    >>> found.unchanged, found.step
    (0.5, 0.3)
    """
    if len(choices) < 2:
        raise TooFewPeriods(f"the number of windows is {len(choices)}, at least 2 needed")
    names = list(choices[0])
    for number, params in enumerate(choices):
        if set(params) != set(names):
            raise InvalidInput(f"window {number} chose {sorted(params)}, the first {names}")
    return tuple(_of(name, tuple(params[name] for params in choices)) for name in names)


def _of(name: str, values: tuple[Value, ...]) -> Stability:
    return Stability(
        name=name,
        values=values,
        unchanged=fmean(after == before for before, after in pairwise(values)),
        step=_step([value for value in values if _is_number(value)], len(values)),
    )


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _step(numbers: list[Value], count: int) -> float | None:
    sizes = [float(number) for number in numbers]
    if len(sizes) < count or not any(sizes):
        return None
    return fmean(abs(b - a) for a, b in pairwise(sizes)) / fmean(abs(size) for size in sizes)
