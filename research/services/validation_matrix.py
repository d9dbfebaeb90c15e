"""The sets of a sweep day by day, and the walk-forward that chooses among them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from common.domain.errors import InvalidArgument
from portfolio.metrics import ratios
from portfolio.metrics.daily import DAY_NS
from portfolio.metrics.returns import YEAR_DAYS
from research.domain.validation_question import ValidationQuestion
from research.validation.daily_facts import Counts
from research.validation.exceptions import NotComputable, TooFewPeriods
from research.validation.splits import walk_forward_windows
from research.validation.walk_forward import Choice, WalkForward, walk_forward
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


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Walked:
    """A walk-forward with what was done out of sample.

    Parameters
    ----------
    found
        Its windows, in days.
    round_trips
        How many ended on tested days.
    years
        From the first tested day to the last, years of 365 days.
    """

    found: WalkForward
    round_trips: int
    years: float


def walk(matrix: DayMatrix, question: ValidationQuestion) -> Walked:
    """Walk forward over the days of a matrix.

    Raises
    ------
    TooFewPeriods
        If the days do not make that many windows.
    NotComputable
        If nothing can be chosen on a train, or what was chosen lost everything.
    """
    n_days = len(matrix.day_ns)
    try:
        windows = walk_forward_windows(
            n_days,
            n_windows=question.n_windows,
            train_bars=question.train_days(n_days),
            purge=question.purge_days,
            embargo=question.embargo_days,
        )
    except InvalidArgument as e:
        raise TooFewPeriods(f"in days: {e.detail}") from e
    search = DaySearch(matrix)
    found = walk_forward(windows, search)
    first, last = windows[0].test.start, windows[-1].test.stop - 1
    length_ns = int(matrix.day_ns[last] - matrix.day_ns[first]) + DAY_NS
    return Walked(
        found=found,
        round_trips=sum(
            search.round_trips(outcome.params, outcome.window.test) for outcome in found.outcomes
        ),
        years=length_ns / DAY_NS / YEAR_DAYS,
    )
