"""Places on a timeframe's grid: how many bars are missing between two."""

import numpy as np

from common.domain.bars import Times
from common.domain.timeframe import Timeframe


def positions(times_ns: Times, timeframe: Timeframe) -> Times:
    """Return the number of the bar that each time falls in, counted from 1970."""
    return (times_ns - timeframe.origin_ns) // timeframe.nanoseconds


def missing_after(times_ns: Times, timeframe: Timeframe) -> Times:
    """Return how many bars are missing between each time and the next.

    Parameters
    ----------
    times_ns : ndarray of int64, shape (n_bars,)
        Open times, increasing. One off the grid stands for the bar it falls in.

    Returns
    -------
    ndarray of int64, shape (n_bars - 1,)

    Examples
    --------
    >>> minute = 60_000_000_000
    >>> missing_after(np.array([0, minute, 5 * minute]), Timeframe.M1)
    array([0, 3])
    """
    gaps: Times = np.maximum(np.diff(positions(times_ns, timeframe)) - 1, 0)
    return gaps


def missing(times_ns: Times, timeframe: Timeframe | None) -> int:
    """Count the missing bars between the first time and the last; 0 where there is no grid."""
    return 0 if timeframe is None else int(missing_after(times_ns, timeframe).sum())
