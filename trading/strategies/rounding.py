"""Comparing averages without letting the rounding of their sums decide."""

from typing import Final

from common.domain.bars import Floats
from trading.strategies.enter_exit import Flags

# TA-Lib's running sums drift by up to about 1e-12 of the price over millions of bars;
# averages of prices a tick apart differ by far more.
ROUNDING: Final = 1e-11


def is_above(values: Floats, level: Floats) -> Flags:
    """Return where values lie above a level by more than rounding; NaN is above nothing.

    Parameters
    ----------
    values, level : ndarray of float64, shape (n_bars,)
        Prices, or averages of them.

    Returns
    -------
    ndarray of bool, shape (n_bars,)
        True where values - level > 1e-11 * |level|.

    Notes
    -----
    Where a market stands still all averages of it are equal. A plain `>` between their
    computed values is then true or false by the last bit, which depends on where the
    history begins, and a strategy would trade on it.

    Examples
    --------
    >>> import numpy as np
    >>> is_above(np.array([0.1 + 0.2, 0.31]), np.array([0.3, 0.3])).tolist()
    [False, True]
    """
    above: Flags = values - level > ROUNDING * abs(level)
    return above
