"""What a Sharpe ratio is worth when it was chosen from many trials.

Every ratio here is per period of the returns, never annual.
"""

from math import e, inf, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from research.validation.exceptions import TooFewTrials
from research.validation.sharpe import SharpeEstimate, probabilistic_sharpe_ratio

EULER_GAMMA: Final = 0.577_215_664_901_532_9
MIN_TRIALS: Final = 2
_NORMAL: Final = NormalDist()


def trial_variance(sharpes: Floats) -> float:
    """Return how much the Sharpe ratios of trials vary.

    Parameters
    ----------
    sharpes : ndarray of float64, shape (n_trials,)
        Per period; those that are not finite (a trial that never traded) are left out.

    Returns
    -------
    float
        Variance with ddof 1, per period squared, >= 0.

    Raises
    ------
    TooFewTrials
        If fewer than two are finite: the variance is then unknown, not zero.

    Examples
    --------
    >>> trial_variance(np.array([1.0, 3.0, np.nan]))
    2.0
    """
    finite = sharpes[np.isfinite(sharpes)]
    if len(finite) < MIN_TRIALS:
        raise TooFewTrials(
            f"the number of trials with a Sharpe ratio is {len(finite)}, at least {MIN_TRIALS}"
            " needed: how much trials vary is unknown",
            found=len(finite),
        )
    return float(finite.var(ddof=1))


def expected_maximum_sharpe(n_trials: int, *, variance: float) -> float:
    """Return the best Sharpe ratio to expect from trials that are all worth nothing.

    Parameters
    ----------
    n_trials
        Number of independent trials, >= 2.
    variance
        Variance of their Sharpe ratios, per period squared, >= 0.

    Returns
    -------
    float
        Per period, >= 0: ``sqrt(V) * ((1 - g) * z(1 - 1/N) + g * z(1 - 1/(N*e)))`` with g the
        constant of Euler and Mascheroni.

    Raises
    ------
    TooFewTrials
        If there are fewer than two trials.
    InvalidArgument
        If the variance is negative or not finite.

    Notes
    -----
    Trials that resemble one another count in full, so the result errs on the strict side.
    The formula is the limit for many trials; for two it gives 0.52 standard deviations where
    0.56 is exact.

    References
    ----------
    D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio", *Journal of Portfolio
    Management* 40(5), 2014, eq. 1.

    Examples
    --------
    The published example: 100 trials, an annual variance of 0.5, 250 days a year:

    >>> round(expected_maximum_sharpe(100, variance=0.5 / 250), 4)
    0.1132
    """
    if n_trials < MIN_TRIALS:
        raise TooFewTrials(f"the number of trials is {n_trials}, at least {MIN_TRIALS} needed")
    if not 0.0 <= variance < inf:
        raise InvalidArgument(f"the variance of the trials is {variance}, must be >= 0")
    # z(1 - p) as -z(p): 1 - 1/N would lose the digits of a large N.
    extreme = -_NORMAL.inv_cdf(1.0 / n_trials)
    beyond = -_NORMAL.inv_cdf(1.0 / (n_trials * e))
    return sqrt(variance) * ((1.0 - EULER_GAMMA) * extreme + EULER_GAMMA * beyond)


def deflated_sharpe_ratio(of: SharpeEstimate, *, n_trials: int, variance: float) -> float:
    """Return the probability that the true Sharpe ratio is positive, given all that was tried.

    Parameters
    ----------
    of
        The estimate of the trial that was chosen.
    n_trials
        How many trials it was chosen from, itself included, >= 2.
    variance
        Variance of the trials' Sharpe ratios, as `trial_variance` returns it.

    Returns
    -------
    float
        In [0, 1]: the probabilistic Sharpe ratio against `expected_maximum_sharpe`.

    Raises
    ------
    TooFewTrials
        If there are fewer than two trials.
    InvalidArgument
        If the variance is negative or not finite.
    NotComputable
        If the estimate has no error.

    Notes
    -----
    Trials that all have the same ratio vary by zero, and leave the probabilistic Sharpe ratio
    against zero: nothing was chosen.

    References
    ----------
    Bailey and Lopez de Prado, 2014, as above, eq. 2, and the numerical example there.

    Examples
    --------
    An annual ratio of 2.5 over five years of 250 days, the best of 100 trials:

    >>> from research.validation.sharpe import per_period
    >>> of = SharpeEstimate(
    ...     sharpe=per_period(2.5, periods_per_year=250), n_periods=1250, skew=-3, kurtosis=10
    ... )
    >>> round(deflated_sharpe_ratio(of, n_trials=100, variance=0.5 / 250), 4)
    0.9004
    """
    benchmark = expected_maximum_sharpe(n_trials, variance=variance)
    return probabilistic_sharpe_ratio(of, benchmark=benchmark)
