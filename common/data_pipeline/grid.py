"""Places on a timeframe's grid: how many bars are missing between two."""

import numpy as np

from common.domain.bars import Times
from common.domain.timeframe import Timeframe


def position(time_ns: int, timeframe: Timeframe) -> int:
    """Return the number of the bar that a time falls in, counted from 1970."""
    return (time_ns - timeframe.origin_ns) // timeframe.nanoseconds


def missing(times_ns: Times, timeframe: Timeframe | None) -> int:
    """Count the missing bars between the first time and the last.

    Parameters
    ----------
    times_ns : ndarray of int64, shape (n_bars,)
        Open times, increasing. One off the grid stands for the bar it falls in.
    timeframe
        Length of a bar; None for rows that lie on no grid, where nothing is missing.

    Examples
    --------
    >>> minute = 60_000_000_000
    >>> missing(np.array([0, minute, 5 * minute]), Timeframe.M1)
    3
    """
    if timeframe is None or len(times_ns) == 0:
        return 0
    positions = (times_ns - timeframe.origin_ns) // timeframe.nanoseconds
    present = 1 + np.count_nonzero(np.diff(positions))
    return int(positions[-1] - positions[0] + 1 - present)


def missing_between(earlier_ns: int, later_ns: int, timeframe: Timeframe | None) -> int:
    """Count the bars missing between a bar and the next one there is."""
    if timeframe is None:
        return 0
    return max(0, position(later_ns, timeframe) - position(earlier_ns, timeframe) - 1)
