"""What runs came to on each UTC day: their returns, and how many round trips ended."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats, Times
from portfolio.metrics.daily import DAY_NS, day_ends, simple_returns

type Counts = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class DailyFacts:
    """One run, day by day.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,)
        Simple returns, fractions, finite.
    round_trips : ndarray of int32, shape (n_days,)
        How many ended on each day.
    """

    returns: Floats
    round_trips: Counts


def daily_returns(equity: Floats, *, open_ns: Times, initial: float) -> Floats:
    """Return the simple return of each UTC day that has a bar, of many runs.

    Parameters
    ----------
    equity : ndarray of float64, shape (n_bars, n_columns)
        At each close, quote currency.
    open_ns : ndarray of int64, shape (n_bars,)
        Open times of the bars, increasing, at least one.
    initial
        Starting cash, quote currency, > 0.

    Returns
    -------
    ndarray of float64, shape (n_days, n_columns)
        Finite. A run whose equity fell to zero or below at a close ends there: it lost
        everything on that day and has nothing to lose or gain after it.

    Examples
    --------
    Two bars of a day each; the second column owes more than it has:

    >>> daily_returns(
    ...     np.array([[150.0, -1.0], [75.0, 50.0]]), open_ns=np.arange(2) * DAY_NS, initial=100.0
    ... ).tolist()
    [[0.5, -1.0], [-0.5, 0.0]]
    """
    ends = day_ends(open_ns)
    ruined = np.logical_or.accumulate(equity <= 0.0, axis=0)[ends]
    found = simple_returns(np.where(ruined, 0.0, equity[ends]), initial=initial)
    found[1:][ruined[:-1]] = 0.0
    return found


def round_trips_ended(quantity: Floats, *, open_ns: Times) -> Counts:
    """Return how many round trips ended on each UTC day, of many runs with a fill a bar at most.

    Parameters
    ----------
    quantity : ndarray of float64, shape (n_bars, n_columns)
        Signed position at each close, exactly zero where flat.
    open_ns : ndarray of int64, shape (n_bars,)
        Open times of the bars, increasing, at least one.

    Returns
    -------
    ndarray of int32, shape (n_days, n_columns)

    Examples
    --------
    Long for a day, then short, then flat:

    >>> held = np.array([[1.0], [-1.0], [0.0]])
    >>> round_trips_ended(held, open_ns=np.arange(3) * DAY_NS).ravel().tolist()
    [0, 1, 1]
    """
    sign = np.sign(quantity)
    before = np.concatenate([np.zeros((1, sign.shape[1])), sign[:-1]])
    ended = ((before != 0.0) & (sign != before)).astype(np.int32)
    firsts = np.concatenate([[0], day_ends(open_ns)[:-1] + 1])
    counts: Counts = np.add.reduceat(ended, firsts, axis=0, dtype=np.int32)
    return counts


def count_by_day(times_ns: Times, *, open_ns: Times) -> Counts:
    """Return how many of the times fall on each UTC day that has a bar, shape (n_days,).

    Examples
    --------
    >>> count_by_day(np.array([DAY_NS + 5, DAY_NS + 6]), open_ns=np.arange(3) * DAY_NS).tolist()
    [0, 2, 0]
    """
    days = open_ns[day_ends(open_ns)] // DAY_NS
    place = np.searchsorted(days, times_ns // DAY_NS)
    return np.bincount(place, minlength=len(days)).astype(np.int32)
