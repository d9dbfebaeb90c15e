"""Statistics of the last bars, each window computed from nothing but itself.

A running sum remembers every bar it has seen through its rounding: after heavy
volume an empty window sums to 1e-10 instead of 0, and a ratio of two such sums is
noise. Here a window's result is the same to the last bit wherever history starts.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from common.domain.bars import Floats

# Half a megabyte of float64 at a time stays in the cache, whatever the number of bars.
_CELLS: Final = 1 << 16


def per_window(statistic: Callable[..., Floats], window: int, *columns: Floats) -> Floats:
    """Return a statistic of the last `window` values of the columns, NaN until there are enough.

    Parameters
    ----------
    statistic
        Maps contiguous arrays of shape (n_windows, window), one a column, to
        one of shape (n_windows,), each row by itself.
    window
        Number of values, the current one included.
    *columns : ndarray of float64, shape (n_bars,)
        Of one length.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
    """
    count = len(columns[0]) - window + 1
    out = np.full(len(columns[0]), np.nan)
    if count <= 0:
        return out
    views = [sliding_window_view(column, window) for column in columns]
    step = max(1, _CELLS // window)
    for start in range(0, count, step):
        stop = min(start + step, count)
        rows = [np.ascontiguousarray(view[start:stop]) for view in views]
        out[start + window - 1 : stop + window - 1] = statistic(*rows)
    return out


def deviation(rows: Floats) -> Floats:
    """Return the sample standard deviation (ddof 1) of each row; exactly 0 for equal values."""
    # Measured from a value of the row, equal values leave exact zeros; the mean
    # of equal values is not always that value.
    centred = rows - rows[:, -1:]
    centred -= centred.mean(axis=1, keepdims=True)
    variance: Floats = np.square(centred).sum(axis=1) / (rows.shape[1] - 1)
    return np.sqrt(variance)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return the quotient, NaN where the denominator is 0."""
    out = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def on_warm_part(function: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Return a function of the values after their leading NaN, with those NaN kept.

    One indicator of another would otherwise hand TA-Lib the NaN of the first
    one's warm-up, and get nothing but NaN back.
    """
    warm = ~np.isnan(values)
    start = int(np.argmax(warm)) if warm.any() else len(values)
    out = np.full(len(values), np.nan)
    out[start:] = function(values[start:])
    return out
