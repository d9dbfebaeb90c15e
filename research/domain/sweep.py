"""A sweep as it is asked for: a question, a space of parameters, and what is best."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from common.domain.errors import InvalidArgument
from portfolio.metrics.columns import KEYS
from research.domain.grid import LARGEST_GRID, Grid
from research.domain.question import RunQuestion
from research.domain.search import Search
from research.domain.set_list import SetList

_LESS_IS_BETTER: Final = frozenset({
    "max_drawdown",
    "volatility",
    "ulcer_index",
    "fees",
    "turnover",
})
# What the ledger holds.
_MOST_ROUND_TRIPS: Final = 1_000_000_000
_MOST_BYTES: Final = 10**15


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
    """Many sets of parameters on one engine over one stretch of bars.

    Parameters
    ----------
    question
        Strategy, engine, bars and costs; its parameters are those that stay fixed.
    grid
        The sets to try, or the space that is searched.
    search
        How it is searched; None tries every set.
    objective
        By what sets are ranked.
    further
        Other objectives of a search that seeks the sets no other is better than in all.
    min_round_trips
        A set with fewer is never ranked: what a handful of trades gained is luck.
    budget_bytes
        Memory of one chunk of columns.

    Raises
    ------
    InvalidArgument
        If a bound is out of range, the question runs a strategy file, there are too many sets
        to try them all, fewer than a search asks for, or objectives without a search.
    """

    question: RunQuestion
    grid: Grid | SetList
    search: Search | None = None
    objective: Objective = Objective()
    further: tuple[Objective, ...] = ()
    min_round_trips: int = 10
    budget_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.min_round_trips <= _MOST_ROUND_TRIPS:
            raise InvalidArgument(
                f"min_round_trips is {self.min_round_trips}, must be in [0, {_MOST_ROUND_TRIPS}]"
            )
        if not 0 < self.budget_bytes <= _MOST_BYTES:
            raise InvalidArgument(
                f"the memory budget is {self.budget_bytes}, must be in [1, {_MOST_BYTES}] bytes"
            )
        if self.question.native is not None:
            raise InvalidArgument("a strategy file of an engine has no grid of parameters")
        self._check_size()
        names = [objective.metric for objective in self.objectives]
        if len(set(names)) < len(names):
            raise InvalidArgument(f"objectives {', '.join(names)}: one is named twice")
        if self.further and self.search is None:
            raise InvalidArgument(
                f"a grid is ranked by one objective, here are {', '.join(names)}: use a search"
            )

    def _check_size(self) -> None:
        if self.search is None:
            if self.grid.size > LARGEST_GRID:
                raise InvalidArgument(
                    f"the grid has {self.grid.size} sets, at most {LARGEST_GRID} are all tried:"
                    " use a search"
                )
        elif self.search.n_trials > self.grid.size:
            raise InvalidArgument(
                f"a search of {self.search.n_trials} trials over {self.grid.size} sets: try the"
                " whole grid"
            )

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All of them, the one that ranks first."""
        return (self.objective, *self.further)

    @property
    def n_places(self) -> int:
        """How many sets are tried, those that contradict themselves included."""
        return self.grid.size if self.search is None else self.search.n_trials

    def values_of(self, metrics: Mapping[str, Any]) -> list[float] | None:
        """Return what a set has of each objective, None where it must not be ranked."""
        trips = metrics.get("n_round_trips")
        found = [metrics.get(objective.metric) for objective in self.objectives]
        values = [float(value) for value in found if value is not None and isfinite(value)]
        if trips is None or trips < self.min_round_trips or len(values) < len(found):
            return None
        return values
