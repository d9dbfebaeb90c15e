"""A run against buying at the first close of the period and holding, without costs."""

from typing import Final

import numpy as np

from common.domain.bars import Floats
from portfolio.metrics.quotient import ROUNDING, quotient
from portfolio.metrics.returns import YEAR_DAYS

_MIN_DAYS: Final = 2


def holding(close: Floats, *, initial: float) -> Floats:
    """Return the equity of all starting cash put in at the first close, without costs.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closes of the period.
    initial
        Starting cash, quote currency, > 0.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        ``initial * close[t] / close[0]``, quote currency.

    Examples
    --------
    >>> holding(np.array([50.0, 75.0]), initial=100.0).tolist()
    [100.0, 150.0]
    """
    return initial * quotient(close, close[:1])


def beta(returns: Floats, benchmark: Floats) -> Floats:
    """Return the slope of daily returns on those of the benchmark.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_days,) or (n_days, n_columns)
        Simple daily returns, fractions.
    benchmark : ndarray of float64, shape (n_days,)
        Those of the benchmark on the same days.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``cov(r, b) / var(b)``, both with ddof 1; NaN for fewer than two days and where the
        benchmark does not vary.

    Examples
    --------
    >>> round(float(beta(np.array([0.03, 0.01]), np.array([0.02, -0.02]))), 12)
    0.5
    """
    if len(benchmark) < _MIN_DAYS:
        return np.full(returns.shape[1:], np.nan)
    # The divisors n - 1 of covariance and variance cancel.
    deviations = benchmark - benchmark.mean()
    common = deviations @ (returns - returns.mean(axis=0))
    return quotient(common, (deviations**2).sum(), floor=len(benchmark) * ROUNDING**2)


def alpha(returns: Floats, benchmark: Floats) -> Floats:
    """Return what the run earns a year beyond beta times the benchmark, a fraction.

    Parameters
    ----------
    returns, benchmark
        As for `beta`.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``(mean(r) - beta * mean(b)) * 365``, without a risk-free rate and without compounding;
        NaN where beta is.

    References
    ----------
    M. C. Jensen, "The Performance of Mutual Funds in the Period 1945-1964", *Journal of
    Finance* 23(2), 1968, eq. 8.

    Examples
    --------
    A mean of 0.02 a day beside a benchmark of mean zero:

    >>> round(float(alpha(np.array([0.03, 0.01]), np.array([0.02, -0.02]))), 12)
    7.3
    """
    slope = beta(returns, benchmark)
    if len(benchmark) < _MIN_DAYS:
        return slope
    return np.asarray((returns.mean(axis=0) - slope * benchmark.mean()) * YEAR_DAYS)
