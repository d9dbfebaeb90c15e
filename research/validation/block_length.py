"""How long the blocks of a bootstrap must be to keep the dependence of a series."""

from math import ceil, log10, sqrt
from typing import Final

import numpy as np

from common.domain.bars import Floats
from research.validation.resampling import Scheme
from research.validation.samples import checked

_NEEDED: Final = 16
# Constants of the paper: the run of small autocorrelations, and what counts as small.
_LEAST_RUN: Final = 5
_CRITICAL: Final = 2.0


def block_length(values: Floats, *, scheme: Scheme = Scheme.STATIONARY) -> float:
    """Return the block length that estimates the variance of a mean with the least error.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The series, at least 16 values; returns, or their size where clustering of volatility is
        what must be kept.
    scheme
        How blocks are drawn.

    Returns
    -------
    float
        Mean length (stationary) or length (circular) in values, in [1, min(3 * sqrt(n), n / 3)]
        rounded up; 1 for a series that does not vary.

    Raises
    ------
    TooFewPeriods
        If there are fewer than 16 values.
    InvalidInput
        If one is not finite.

    Notes
    -----
    ``b = (2 * G**2 / D) ** (1/3) * n ** (1/3)``, with G the sum of ``w(k/M) * |k| * R(k)`` and g
    that of ``w(k/M) * R(k)`` over lags -M to M, R the autocovariance, w the flat-top window (1 up
    to one half, then falling to 0 at one), and D = ``2 * g**2`` for stationary, ``4/3 * g**2`` for
    circular blocks. M is twice the lag after which max(5, sqrt(log10 n)) autocorrelations in a
    row are below ``2 * sqrt(log10(n) / n)``.

    References
    ----------
    D. N. Politis and H. White, "Automatic Block-Length Selection for the Dependent Bootstrap",
    *Econometric Reviews* 23(1), 2004, section 3; A. Patton, D. N. Politis and H. White,
    "Correction", *Econometric Reviews* 28(4), 2009, for the constant D of stationary blocks.

    Examples
    --------
    A series without variation needs no blocks:

    >>> block_length(np.zeros(100))
    1.0
    """
    checked(values, noun="values", needed=_NEEDED)
    count = len(values)
    run = max(_LEAST_RUN, ceil(sqrt(log10(count))))
    covariances = _autocovariances(values, lags=min(ceil(sqrt(count)) + run, count - 1))
    if covariances[0] <= 0.0:
        return 1.0
    last = _last_lag(covariances, count=count, run=run)
    lags = np.arange(1, last + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - lags / last))
    weighted = window * covariances[1 : last + 1]
    slope = 2.0 * (weighted * lags).sum()
    spectrum = covariances[0] + 2.0 * weighted.sum()
    constant = 2.0 if scheme is Scheme.STATIONARY else 4.0 / 3.0
    longest = ceil(min(3.0 * sqrt(count), count / 3.0))
    if spectrum == 0.0:
        return float(longest)
    length = np.cbrt(2.0 * slope**2 / (constant * spectrum**2) * count)
    return float(min(max(length, 1.0), longest))


def _autocovariances(values: Floats, *, lags: int) -> Floats:
    deviations = values - values.mean()
    count = len(values)
    return np.array([
        deviations[lag:] @ deviations[: count - lag] / count for lag in range(lags + 1)
    ])


def _last_lag(covariances: Floats, *, count: int, run: int) -> int:
    """Return M: twice the lag after which the correlations stay small, or the last there is."""
    bound = _CRITICAL * sqrt(log10(count) / count)
    small = np.abs(covariances[1:]) < bound * covariances[0]
    runs = np.lib.stride_tricks.sliding_window_view(small, min(run, len(small))).all(axis=1)
    # Position p says that the lags p + 1 to p + run are small, so p is the last that is not.
    reach = max(int(np.argmax(runs)), 1) if runs.any() else len(small)
    return min(2 * reach, len(small))
