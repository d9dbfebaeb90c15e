"""How deep the account could have fallen, had the same trades come in another order."""

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from research.validation.bootstrap import DEFAULT_PATHS, max_drawdown
from research.validation.distribution import Distribution
from research.validation.exceptions import NotComputable
from research.validation.samples import checked


def shuffled_drawdowns(
    returns: Floats, *, rng: np.random.Generator, n_paths: int = DEFAULT_PATHS
) -> Distribution:
    """Return the maximum drawdown of random orders of the round trips.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_round_trips,)
        Net PnL of each round trip over the equity before it, fractions, at least two.
    rng
        Draws the orders; equal seeds give equal distributions.
    n_paths
        Number of orders, >= 1.

    Returns
    -------
    Distribution
        Maximum drawdowns, fractions >= 0, on the marks between round trips.

    Raises
    ------
    TooFewPeriods
        If there are fewer than two round trips.
    NotComputable
        If one lost everything: what comes after it has no meaning.
    InvalidArgument
        If there is no path.
    InvalidInput
        If a return is not finite.

    Notes
    -----
    The end is the same in every order; what varies is the way there. A drawdown well below the
    median of the orders was luck, and the 95 % quantile is the one to be ready for. What a round
    trip showed while it was open does not count, so a drawdown here may be below that of the
    run's own bars. Round trips that depend on one another (a losing streak in one regime) lose
    that in a shuffle; `bootstrap` of daily returns keeps it.

    Examples
    --------
    A gain and a loss of a half fall by one half in either order:

    >>> shuffled_drawdowns(
    ...     np.array([0.5, -0.5]), rng=np.random.default_rng(1), n_paths=3
    ... ).values.tolist()
    [0.5, 0.5, 0.5]
    """
    checked(returns, noun="round trips", needed=2)
    if n_paths < 1:
        raise InvalidArgument(f"n_paths is {n_paths}, must be at least 1")
    if returns.min() <= -1.0:
        raise NotComputable(
            f"round trip {int(np.argmin(returns))} returned {returns.min()}: everything was lost"
        )
    return Distribution.of(max_drawdown(rng.permutation(returns)) for _ in range(n_paths))
