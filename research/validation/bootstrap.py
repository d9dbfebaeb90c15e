"""What returns could have added up to, had their blocks come in another order."""

from collections.abc import Callable
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from portfolio.metrics import drawdown
from research.validation.block_length import block_length
from research.validation.distribution import Distribution
from research.validation.resampling import Scheme, resampled_rows
from research.validation.samples import checked

DEFAULT_PATHS: Final = 1_000


def bootstrap(
    returns: Floats,
    statistic: Callable[[Floats], float],
    *,
    rng: np.random.Generator,
    n_paths: int = DEFAULT_PATHS,
    block: float | None = None,
    scheme: Scheme = Scheme.STATIONARY,
) -> Distribution:
    """Return a statistic of many histories drawn from blocks of the returns.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_periods,)
        Simple returns, fractions, at least 16 unless `block` is given.
    statistic
        Function of such an array, for instance `total_return`.
    rng
        Draws the histories; equal seeds give equal distributions.
    n_paths
        Number of histories, >= 1.
    block
        Length of blocks in periods; `block_length` of the returns if not given.
    scheme
        How blocks are drawn.

    Raises
    ------
    InvalidArgument
        If there is no path, or the block is out of range.
    TooFewPeriods
        If there are too few returns.
    InvalidInput
        If a return or a value of the statistic is not finite.

    Notes
    -----
    Memory is that of one history. The mean over histories is that of the returns: a bootstrap
    shows how uncertain a result is, not whether the returns were chosen by luck.

    References
    ----------
    Politis and Romano, 1994, as for `resampled_rows`.

    Examples
    --------
    Returns that are all alike have one history:

    >>> found = bootstrap(np.full(20, 0.01), total_return, rng=np.random.default_rng(1), n_paths=3)
    >>> found.values.round(6).tolist()
    [0.22019, 0.22019, 0.22019]
    """
    checked(returns, noun="returns")
    if n_paths < 1:
        raise InvalidArgument(f"n_paths is {n_paths}, must be at least 1")
    length = block_length(returns, scheme=scheme) if block is None else block
    return Distribution.of(
        statistic(returns[resampled_rows(len(returns), block=length, rng=rng, scheme=scheme)])
        for _ in range(n_paths)
    )


def total_return(returns: Floats) -> float:
    """Return the compounded return, a fraction.

    Examples
    --------
    >>> total_return(np.array([0.5, -0.5]))
    -0.25
    """
    return float(np.prod(1.0 + returns)) - 1.0


def max_drawdown(returns: Floats) -> float:
    """Return the deepest fall of compounded returns from a peak or from the start, >= 0.

    Examples
    --------
    >>> max_drawdown(np.array([0.5, -0.5, 0.1]))
    0.5
    """
    marks = np.cumprod(1.0 + returns, dtype=np.float64)
    depths = drawdown.drawdowns(marks, initial=1.0)
    return float(drawdown.max_drawdown(depths))
