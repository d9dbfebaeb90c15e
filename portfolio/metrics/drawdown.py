"""Drawdowns: how far equity lies below its highest mark so far, as a fraction >= 0."""

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.time import NANOSECONDS


def drawdowns(marks: Floats, *, initial: float) -> Floats:
    """Return the drawdown at each mark.

    Parameters
    ----------
    marks : ndarray of float64, shape (n,) or (n, n_columns)
        Equity, quote currency, oldest first.
    initial
        Starting cash, quote currency, > 0; it is the first peak.

    Returns
    -------
    ndarray of float64, the shape of `marks`
        ``1 - E[t] / max(initial, E[0], ..., E[t])``; above 1 where equity is negative.

    Examples
    --------
    >>> drawdowns(np.array([50.0, 200.0, 150.0]), initial=100.0).tolist()
    [0.5, 0.0, 0.25]
    """
    peaks: Floats = np.maximum(np.maximum.accumulate(marks, axis=0), initial)
    return 1.0 - marks / peaks


def max_drawdown(depths: Floats) -> Floats:
    """Return the deepest of the drawdowns, NaN if there are none.

    Parameters
    ----------
    depths : ndarray of float64, shape (n,) or (n, n_columns)
        As `drawdowns` returns them.

    Examples
    --------
    >>> float(max_drawdown(np.array([0.5, 0.0, 0.25])))
    0.5
    """
    if not len(depths):
        return np.full(depths.shape[1:], np.nan)
    return np.asarray(depths.max(axis=0))


def max_drawdown_seconds(depths: Floats, *, bars: Bars) -> int:
    """Return how long the deepest drawdown lasted, from its peak to recovery or to the end.

    Parameters
    ----------
    depths : ndarray of float64, shape (n_bars,)
        Drawdowns of one path at the close of each bar, as `drawdowns` returns them.
    bars
        The bars of the period, at least one.

    Returns
    -------
    int
        Seconds; 0 if equity never fell below a peak.

    Notes
    -----
    This is the duration of the drawdown that `max_drawdown` measures (of the first one, if two
    are equally deep), not of the longest. It begins at the last mark at the peak, so the time
    spent level with the peak does not count, and ends with the first mark that reaches the
    peak again. A bar marks at its close time, the starting cash at the first open time.

    Examples
    --------
    From 200 at the end of the second hour to the end of the fourth:

    >>> from common.domain.timeframe import Timeframe
    >>> hours = np.arange(4) * Timeframe.H1.nanoseconds
    >>> bars = Bars(Timeframe.H1, hours, *np.ones((5, 4)))
    >>> depths = drawdowns(np.array([100.0, 200.0, 150.0, 180.0]), initial=100.0)
    >>> max_drawdown_seconds(depths, bars=bars)
    7200
    """
    trough = int(np.argmax(depths))
    at_peak = np.flatnonzero(depths == 0.0)
    before = int(np.searchsorted(at_peak, trough))
    if before < len(at_peak) and at_peak[before] == trough:
        return 0
    closes_ns = bars.open_ns + bars.timeframe.nanoseconds
    begin = closes_ns[at_peak[before - 1]] if before else bars.open_ns[0]
    end = closes_ns[at_peak[before]] if before < len(at_peak) else closes_ns[-1]
    return int(end - begin) // NANOSECONDS


def ulcer_index(daily_marks: Floats, *, initial: float) -> Floats:
    """Return the root of the mean square of the daily drawdowns, NaN without a day.

    Parameters
    ----------
    daily_marks : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Equity at the end of each day, quote currency.
    initial
        Starting cash, quote currency, > 0; a peak, but not a day.

    Notes
    -----
    Peaks are those of the daily marks. A fraction, where the source counts in percent.

    References
    ----------
    P. Martin and B. McCann, *The Investor's Guide to Fidelity Funds*, 1989, ch. 6.

    Examples
    --------
    Drawdowns of 0.3 and 0.4, so the root of (0.09 + 0.16) / 2:

    >>> marks = np.array([70.0, 60.0])
    >>> round(float(ulcer_index(marks, initial=100.0)) ** 2, 12)
    0.125
    """
    if not len(daily_marks):
        return np.full(daily_marks.shape[1:], np.nan)
    squares = drawdowns(daily_marks, initial=initial) ** 2
    return np.asarray(np.sqrt(squares.mean(axis=0)))
