"""Growth over the whole period."""

from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from portfolio.metrics.daily import DAY_NS

YEAR_DAYS: Final = 365
CAGR_MIN_DAYS: Final = 30


def period_days(bars: Bars) -> float:
    """Return the length of the period in days: first open to last open plus one timeframe.

    Examples
    --------
    >>> from common.domain.timeframe import Timeframe
    >>> period_days(Bars.empty(Timeframe.H1))
    0.0
    """
    if not len(bars):
        return 0.0
    return int(bars.open_ns[-1] - bars.open_ns[0] + bars.timeframe.nanoseconds) / DAY_NS


def total_return(final: Floats | float, *, initial: float) -> Floats:
    """Return ``final / initial - 1``, a fraction; below -1 if equity ended in debt.

    Examples
    --------
    >>> float(total_return(150.0, initial=100.0))
    0.5
    """
    return np.asarray(final, np.float64) / initial - 1.0


def cagr(final: Floats | float, *, initial: float, days: float) -> Floats:
    """Return the compound annual growth rate, a fraction.

    Parameters
    ----------
    final : number, or ndarray of float64, shape (n_columns,)
        Equity at the end, quote currency.
    initial
        Starting cash, quote currency, > 0.
    days
        Length of the period in days.

    Returns
    -------
    ndarray of float64
        ``(final / initial) ** (365 / days) - 1``; NaN below 30 days, where the exponent would
        turn noise into a number, and where equity ended below zero.

    Examples
    --------
    Two years in which equity grew to 1.21 times, 10 % a year:

    >>> round(float(cagr(121.0, initial=100.0, days=730.0)), 12)
    0.1
    """
    growth = np.asarray(final, np.float64) / initial
    if days < CAGR_MIN_DAYS:
        return np.full(growth.shape, np.nan)
    return np.where(growth >= 0.0, np.maximum(growth, 0.0) ** (YEAR_DAYS / days) - 1.0, np.nan)
