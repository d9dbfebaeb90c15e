"""How sure a Sharpe ratio is, given its own error.

Every ratio here is per period of the returns, never annual; `per_period` converts at the edge.
"""

from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import NormalDist
from typing import Final

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from portfolio.metrics import tails
from portfolio.metrics.quotient import ROUNDING
from research.validation.exceptions import NotComputable
from research.validation.samples import checked

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpeEstimate:
    """A Sharpe ratio and what its error depends on.

    Parameters
    ----------
    sharpe
        Mean over standard deviation of the returns, per period, without a risk-free rate.
    n_periods
        Number of returns it was estimated from, >= 2.
    skew
        Skewness of the returns, 0 if symmetric.
    kurtosis
        Raw kurtosis of the returns, 3 if normal, >= 1.

    Raises
    ------
    InvalidArgument
        If a number is not finite, there are fewer than two periods, or no distribution has
        these moments (the kurtosis is at least one plus the square of the skewness).
    """

    sharpe: float
    n_periods: int
    skew: float = 0.0
    kurtosis: float = 3.0

    def __post_init__(self) -> None:
        for name in ("sharpe", "skew", "kurtosis"):
            value = getattr(self, name)
            if not isfinite(value):
                raise InvalidArgument(f"{name} is {value}, must be finite")
        if self.n_periods < 2:
            raise InvalidArgument(f"n_periods is {self.n_periods}, must be at least 2")
        # Rounding may put the kurtosis of two-valued returns a hair below the bound.
        if self.kurtosis < (1.0 + self.skew**2) * (1.0 - 1e-9):
            raise InvalidArgument(
                f"kurtosis is {self.kurtosis}, must be at least 1 + skew ** 2 ="
                f" {1.0 + self.skew**2}; is it the excess over 3?"
            )


def estimate(returns: Floats) -> SharpeEstimate:
    """Return the Sharpe ratio of returns with the moments that its error depends on.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_periods,)
        Simple returns of equal periods, fractions.

    Raises
    ------
    TooFewPeriods
        If there are fewer than two.
    NotComputable
        If they do not vary.
    InvalidInput
        If one is not finite.

    Notes
    -----
    Standard deviation with ddof 1, skewness and kurtosis of the population moments.

    Examples
    --------
    Mean 0.01, deviations 0.02, -0.01, -0.01, variance 0.0006 / 2:

    >>> import numpy as np
    >>> found = estimate(np.array([0.03, 0.0, 0.0]))
    >>> round(found.sharpe**2, 12), round(found.skew**2, 12), round(found.kurtosis, 12)
    (0.333333333333, 0.5, 1.5)
    """
    checked(returns, noun="returns", needed=2)
    deviation = float(returns.std(ddof=1))
    skew, kurtosis = float(tails.skew(returns)), float(tails.kurtosis(returns))
    if deviation <= ROUNDING or not (isfinite(skew) and isfinite(kurtosis)):
        raise NotComputable("the returns do not vary, so they have no Sharpe ratio")
    return SharpeEstimate(
        sharpe=float(returns.mean()) / deviation,
        n_periods=len(returns),
        skew=skew,
        kurtosis=kurtosis,
    )


def per_period(annual: float, *, periods_per_year: float) -> float:
    """Return an annual Sharpe ratio per period.

    Parameters
    ----------
    annual
        ``mean / std * sqrt(periods_per_year)``.
    periods_per_year
        Number of returns in a year, > 0: 365 for the daily ones of this platform.

    Raises
    ------
    InvalidArgument
        If there is no positive number of periods in a year.

    Examples
    --------
    >>> per_period(3.0, periods_per_year=9.0)
    1.0
    """
    if not (isfinite(periods_per_year) and periods_per_year > 0):
        raise InvalidArgument(f"periods_per_year is {periods_per_year}, must be positive")
    return annual / sqrt(periods_per_year)


def probabilistic_sharpe_ratio(of: SharpeEstimate, *, benchmark: float = 0.0) -> float:
    """Return the probability that the true Sharpe ratio exceeds a benchmark.

    Parameters
    ----------
    of
        The estimate.
    benchmark
        Sharpe ratio per period, SR*.

    Returns
    -------
    float
        In [0, 1]: ``Z((SR - SR*) * sqrt(T - 1) / sqrt(1 - g3 * SR + (g4 - 1) / 4 * SR**2))``.

    Raises
    ------
    NotComputable
        If the estimate has no error: returns of two values at one certain ratio.

    References
    ----------
    D. H. Bailey and M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", *Journal of
    Risk* 15(2), 2012, eq. 11.

    Examples
    --------
    A ratio of exactly the benchmark is as likely above as below:

    >>> probabilistic_sharpe_ratio(SharpeEstimate(sharpe=0.1, n_periods=100), benchmark=0.1)
    0.5
    """
    scale = sqrt(_error_factor(of) / (of.n_periods - 1))
    return _NORMAL.cdf((of.sharpe - benchmark) / scale)


def minimum_track_record_length(
    of: SharpeEstimate, *, benchmark: float = 0.0, confidence: float = 0.95
) -> float:
    """Return how many periods it takes until the estimate exceeds a benchmark for sure enough.

    Parameters
    ----------
    of
        The estimate; its own number of periods does not matter.
    benchmark
        Sharpe ratio per period.
    confidence
        Wanted probability, in (0.5, 1).

    Returns
    -------
    float
        Number of periods, > 1, not rounded:
        ``1 + (1 - g3 * SR + (g4 - 1) / 4 * SR**2) * (z(confidence) / (SR - SR*)) ** 2``.

    Raises
    ------
    InvalidArgument
        If the confidence is out of range.
    NotComputable
        If the estimate does not exceed the benchmark: no length would do.

    References
    ----------
    Bailey and Lopez de Prado, 2012, as above, eq. 13.

    Examples
    --------
    Symmetric returns of two values have kurtosis 1, so the factor is 1 and what remains is
    the square of 1.645 / 0.5:

    >>> of = SharpeEstimate(sharpe=0.5, n_periods=10, kurtosis=1.0)
    >>> round(minimum_track_record_length(of), 2)
    11.82
    """
    if not 0.5 < confidence < 1.0:
        raise InvalidArgument(f"confidence is {confidence}, must be in (0.5, 1)")
    if of.sharpe <= benchmark:
        raise NotComputable(
            f"the Sharpe ratio {of.sharpe:.6g} does not exceed {benchmark:.6g}:"
            " no track record is long enough"
        )
    ratio = _NORMAL.inv_cdf(confidence) / (of.sharpe - benchmark)
    return 1.0 + _error_factor(of) * ratio**2


def _error_factor(of: SharpeEstimate) -> float:
    # The variance of the estimate times the number of periods less one.
    factor = 1.0 - of.skew * of.sharpe + (of.kurtosis - 1.0) / 4.0 * of.sharpe**2
    if factor <= ROUNDING:
        raise NotComputable(
            f"a Sharpe ratio of {of.sharpe:.6g} with skewness {of.skew:.6g} and kurtosis"
            f" {of.kurtosis:.6g} has no estimation error"
        )
    return factor
