"""The walk-forward that chooses among the sets of a sweep day by day."""

from dataclasses import dataclass

from common.domain.errors import InvalidArgument
from portfolio.metrics.daily import DAY_NS
from portfolio.metrics.returns import YEAR_DAYS
from research.domain.validation_question import ValidationQuestion
from research.validation.day_matrix import DayMatrix, DaySearch
from research.validation.exceptions import TooFewPeriods
from research.validation.splits import walk_forward_windows
from research.validation.walk_forward import WalkForward, walk_forward


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
