"""Return against risk, from daily returns, a year having 365 days."""

from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from common.domain.bars import Floats
from portfolio.metrics.quotient import ROUNDING, quotient
from portfolio.metrics.returns import YEAR_DAYS

_ROOT_YEAR: Final = sqrt(YEAR_DAYS)


def volatility(returns: Floats) -> Floats:
    """Return the standard deviation of daily returns in units of a year.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``std(r, ddof=1) * sqrt(365)``; NaN for fewer than two days.

    Examples
    --------
    Deviations of 0.01 on either side of zero, so a variance of 2 * 0.0001 / 1:

    >>> round(float(volatility(np.array([0.01, -0.01]))) ** 2, 12)
    0.073
    """
    return _deviation(returns) * _ROOT_YEAR


def sharpe(returns: Floats) -> Floats:
    """Return the annual Sharpe ratio of daily returns, without a risk-free rate.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``mean(r) / std(r, ddof=1) * sqrt(365)``; NaN for fewer than two days and where the
        returns do not vary.

    References
    ----------
    W. F. Sharpe, "The Sharpe Ratio", *Journal of Portfolio Management* 21(1), 1994, eq. 3-6.

    Examples
    --------
    Mean 0.01, deviation 0.02 * sqrt(1/2), so a daily ratio of sqrt(1/2):

    >>> round(float(sharpe(np.array([0.02, 0.0]))) ** 2, 9)
    182.5
    """
    mean = returns.sum(axis=0) / max(len(returns), 1)
    return quotient(mean, _deviation(returns), floor=ROUNDING) * _ROOT_YEAR


def sortino(returns: Floats) -> Floats:
    """Return the annual Sortino ratio of daily returns against a target of zero.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``mean(r) * sqrt(365) / sqrt(mean(min(r, 0) ** 2))``, the mean over all days, gains
        counting as zero; NaN without a losing day.

    References
    ----------
    F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework",
    *Journal of Investing* 3(3), 1994.

    Examples
    --------
    Mean 0.01, mean square loss 0.0001 / 2, so a daily ratio of sqrt(2):

    >>> round(float(sortino(np.array([0.03, -0.01]))) ** 2, 9)
    730.0
    """
    days = max(len(returns), 1)
    losses = np.minimum(returns, 0.0)
    downside = np.sqrt((losses**2).sum(axis=0) / days)
    return quotient(returns.sum(axis=0) / days, downside, floor=ROUNDING) * _ROOT_YEAR


def calmar(growth: ArrayLike, depth: ArrayLike) -> Floats:
    """Return the annual growth rate over the maximum drawdown, NaN without a drawdown.

    Parameters
    ----------
    growth, depth : numbers, or ndarrays of float64, shape (n_columns,)
        Compound annual growth rate and maximum drawdown, fractions.

    Notes
    -----
    Both over the whole period, where the source takes 36 months.

    References
    ----------
    T. W. Young, "Calmar Ratio: A Smoother Tool", *Futures* 20(1), 1991.

    Examples
    --------
    >>> float(calmar(0.5, 0.25))
    2.0
    """
    return quotient(growth, depth, floor=ROUNDING)


def _deviation(returns: Floats) -> Floats:
    if len(returns) < 2:
        return np.full(returns.shape[1:], np.nan)
    return np.asarray(returns.std(axis=0, ddof=1))
