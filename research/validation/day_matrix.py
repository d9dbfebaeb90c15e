"""Sets of parameters day by day, and the choice of the best among them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from portfolio.metrics import ratios
from research.validation.daily_facts import Counts
from research.validation.exceptions import NotComputable
from research.validation.walk_forward import Choice
from trading.strategies.parameters import Params, Value


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DayMatrix:
    """Sets of parameters over the same days, a column each.

    Parameters
    ----------
    numbers
        Place of each set on the grid.
    sets
        The full sets.
    returns : ndarray of float64, shape (n_days, n_sets)
        Simple daily returns, fractions.
    round_trips : ndarray of int32, shape (n_days, n_sets)
        How many ended on each day.
    day_ns : ndarray of int64, shape (n_days,)
        When each day begins; days without a bar are left out.
    """

    numbers: tuple[int, ...]
    sets: tuple[dict[str, Value], ...]
    returns: Floats
    round_trips: Counts
    day_ns: Times

    def column(self, number: int) -> Floats:
        """Return the daily returns of the set at that place of the grid, shape (n_days,)."""
        return np.ascontiguousarray(self.returns[:, self.numbers.index(number)])


@dataclass(frozen=True, eq=False, slots=True)
class DaySearch:
    """Chooses the set with the highest Sharpe ratio over the days that it is told."""

    matrix: DayMatrix

    def choose(self, train: range) -> Choice:
        """Return the best set on these days; of equal ones the first on the grid.

        Raises
        ------
        NotComputable
            If none has a Sharpe ratio there.
        """
        rows = self.matrix.returns[train.start : train.stop]
        found = ratios.sharpe(rows)
        if np.isnan(found).all():
            raise NotComputable(f"no set has a Sharpe ratio on days {train.start} to {train.stop}")
        best = int(np.nanargmax(found))
        return Choice(params=self.matrix.sets[best], returns=np.ascontiguousarray(rows[:, best]))

    def evaluate(self, params: Params, test: range) -> Floats:
        """Return what the set earned on each of these days."""
        rows = self.matrix.returns[test.start : test.stop, self._column(params)]
        return np.ascontiguousarray(rows)

    def round_trips(self, params: Params, test: range) -> int:
        """Return how many round trips of the set ended on these days."""
        rows: NDArray[np.int32] = self.matrix.round_trips[
            test.start : test.stop, self._column(params)
        ]
        return int(rows.sum())

    def _column(self, params: Params) -> int:
        return self.matrix.sets.index(dict(params))
