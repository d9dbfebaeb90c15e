"""Marks at the end of each UTC day and the simple returns between them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from common.domain.time import NANOSECONDS
from portfolio.metrics.quotient import quotient

DAY_NS: Final = 86_400 * NANOSECONDS


def day_ends(open_ns: Times) -> NDArray[np.intp]:
    """Return the position of the last bar of each UTC day that has one.

    Parameters
    ----------
    open_ns : ndarray of int64, shape (n_bars,)
        Open times of bars, nanoseconds since 1970 UTC, increasing.

    Returns
    -------
    ndarray of intp, shape (n_days,)
        Positions into any array along the bars, so `equity[day_ends(open_ns)]` are the daily
        marks of one path or, with a second dimension, of many.

    Notes
    -----
    A bar belongs to the day in which it opens: the one that closes at midnight marks the day
    that ends there. A day without a bar has no mark and is no observation.

    Examples
    --------
    Three bars of twelve hours, the first of them in the second half of its day:

    >>> half = DAY_NS // 2
    >>> day_ends(np.array([1 * half, 2 * half, 3 * half])).tolist()
    [0, 2]
    """
    days = open_ns // DAY_NS
    return np.flatnonzero(np.diff(days, append=days[-1:] + 1))


def simple_returns(marks: Floats, *, initial: float) -> Floats:
    """Return how much each mark exceeds the one before it, as a fraction.

    Parameters
    ----------
    marks : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Equity at the end of each day, quote currency, oldest first.
    initial
        Equity before the first mark, quote currency, > 0.

    Returns
    -------
    ndarray of float64, the shape of `marks`
        ``r[d] = E[d] / E[d-1] - 1``; NaN where the equity before was zero or less, because a
        loss of all or more has no return after it.

    Examples
    --------
    >>> simple_returns(np.array([150.0, 75.0]), initial=100.0).tolist()
    [0.5, -0.5]
    """
    before = np.concatenate([np.full((1, *marks.shape[1:]), initial), marks])[:-1]
    return quotient(marks, before) - 1.0
