"""A sweep as it is asked for: a question, a grid of parameters, and what is best."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from common.domain.errors import InvalidArgument
from portfolio.metrics.columns import KEYS
from research.domain.grid import Grid
from research.domain.question import RunQuestion
from research.domain.set_list import SetList

_LESS_IS_BETTER: Final = frozenset({
    "max_drawdown",
    "volatility",
    "ulcer_index",
    "fees",
    "turnover",
})


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric by which parameter sets are ranked.

    Raises
    ------
    InvalidArgument
        If it is none that is computed for every set.
    """

    metric: str = "sharpe"

    def __post_init__(self) -> None:
        if self.metric not in KEYS:
            raise InvalidArgument(f"objective {self.metric!r} is none of: {', '.join(KEYS)}")

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.metric in _LESS_IS_BETTER else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepQuestion:
    """Every set of a grid on one engine over one stretch of bars.

    Parameters
    ----------
    question
        Strategy, engine, bars and costs; its parameters are those that stay fixed.
    grid, objective
        Which sets, and by what they are ranked.
    min_round_trips
        A set with fewer is never ranked: what a handful of trades gained is luck.
    budget_bytes
        Memory of one chunk of columns.

    Raises
    ------
    InvalidArgument
        If a bound is not positive, or the question runs a strategy file.
    """

    question: RunQuestion
    grid: Grid | SetList
    objective: Objective = Objective()
    min_round_trips: int = 10
    budget_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        if self.min_round_trips < 0:
            raise InvalidArgument(f"min_round_trips is {self.min_round_trips}, must be >= 0")
        if self.budget_bytes <= 0:
            raise InvalidArgument(f"the memory budget is {self.budget_bytes}, must be positive")
        if self.question.native is not None:
            raise InvalidArgument("a strategy file of an engine has no grid of parameters")

    def value_of(self, metrics: Mapping[str, Any]) -> float | None:
        """Return what ranks a set, None where it must not be ranked."""
        value, trips = metrics.get(self.objective.metric), metrics.get("n_round_trips")
        if value is None or not isfinite(value) or trips is None or trips < self.min_round_trips:
            return None
        return float(value)
