"""The shape of the distribution of daily returns."""

from typing import Final

import numpy as np

from common.domain.bars import Floats
from portfolio.metrics.quotient import ROUNDING, quotient

TAIL: Final = 0.05


def var_95(returns: Floats) -> Floats:
    """Return the historical value at risk: the daily loss that one day in twenty exceeds.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``-quantile(r, 0.05)``, a fraction, negative if even that day gains; NaN without a day.

    References
    ----------
    R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", *The American
    Statistician* 50(4), 1996: definition 7, linear between order statistics.

    Examples
    --------
    >>> round(float(var_95(np.array([-0.1, 0.1]))), 12)
    0.09
    """
    return -_quantile(returns, TAIL)


def cvar_95(returns: Floats) -> Floats:
    """Return the mean daily loss on the days at or beyond the value at risk.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``-mean(r where r <= quantile(r, 0.05))``, a fraction; NaN without a day.

    References
    ----------
    R. T. Rockafellar and S. Uryasev, "Optimization of Conditional Value-at-Risk", *Journal of
    Risk* 2(3), 2000; here the plain mean of the sample's tail.

    Examples
    --------
    >>> float(cvar_95(np.array([-0.1, 0.1])))
    0.1
    """
    beyond = returns <= _quantile(returns, TAIL)
    return -quotient(np.where(beyond, returns, 0.0).sum(axis=0), beyond.sum(axis=0))


def skew(returns: Floats) -> Floats:
    """Return the skewness of daily returns, 0 for a symmetric distribution.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``m3 / m2 ** 1.5`` of the population moments; NaN where the returns do not vary.

    References
    ----------
    D. N. Joanes and C. A. Gill, "Comparing Measures of Sample Skewness and Kurtosis", *The
    Statistician* 47(1), 1998: g1.

    Examples
    --------
    Deviations 2, -1, -1 (in percent): m2 = 2, m3 = 2, so 1 / sqrt(2):

    >>> round(float(skew(np.array([0.02, -0.01, -0.01]))) ** 2, 9)
    0.5
    """
    return _standardised_moment(returns, 3)


def kurtosis(returns: Floats) -> Floats:
    """Return the kurtosis of daily returns, 3 for a normal distribution.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``m4 / m2 ** 2`` of the population moments; NaN where the returns do not vary.

    References
    ----------
    Joanes and Gill, as for `skew`: b2 with population moments.

    Examples
    --------
    Deviations 2, -1, -1 (in percent): m2 = 2, m4 = 6:

    >>> round(float(kurtosis(np.array([0.02, -0.01, -0.01]))), 9)
    1.5
    """
    return _standardised_moment(returns, 4)


def tail_ratio(returns: Floats) -> Floats:
    """Return the 95 % quantile of daily returns over the size of the 5 % quantile.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``quantile(r, 0.95) / |quantile(r, 0.05)|``, negative if even the best days lose; NaN
        without a day and where the 5 % quantile is zero.

    References
    ----------
    Quantopian, *empyrical*, `tail_ratio`, which also drops the sign of the numerator.

    Examples
    --------
    The quantiles are -0.085 and 0.185, a twentieth of the way in from either end:

    >>> round(float(tail_ratio(np.array([-0.1, 0.2]))) * 0.085, 12)
    0.185
    """
    low, high = _quantile(returns, TAIL), _quantile(returns, 1.0 - TAIL)
    return quotient(high, np.abs(low), floor=ROUNDING)


def _quantile(returns: Floats, level: float) -> Floats:
    if not len(returns):
        return np.full(returns.shape[1:], np.nan)
    return np.asarray(np.quantile(returns, level, axis=0, method="linear"))


def _standardised_moment(returns: Floats, order: int) -> Floats:
    days = max(len(returns), 1)
    deviations = returns - returns.sum(axis=0) / days
    variance = (deviations**2).sum(axis=0) / days
    moment = (deviations**order).sum(axis=0) / days
    return quotient(moment, variance ** (order / 2), floor=ROUNDING**order)
