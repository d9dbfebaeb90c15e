"""What closed round trips earned, from the net PnL of each.

`net_pnl` is everywhere an ndarray of float64, shape (n_round_trips,), in the quote currency and
after fees, in the order of the exits. A round trip wins if it is above zero and loses if it is
below; exactly zero is neither.
"""

from math import sqrt

import numpy as np

from common.domain.bars import Floats
from portfolio.metrics.quotient import ROUNDING, quotient


def win_rate(net_pnl: Floats) -> Floats:
    """Return the fraction of round trips that win, NaN without any.

    Examples
    --------
    >>> float(win_rate(np.array([30.0, -10.0, 0.0, 20.0])))
    0.5
    """
    return quotient(np.sum(net_pnl > 0), len(net_pnl))


def profit_factor(net_pnl: Floats) -> Floats:
    """Return the sum of the wins over the size of the sum of the losses, NaN without a loss.

    Examples
    --------
    >>> float(profit_factor(np.array([30.0, -10.0, 0.0, 20.0])))
    5.0
    """
    return quotient(net_pnl[net_pnl > 0].sum(), -net_pnl[net_pnl < 0].sum())


def expectancy(net_pnl: Floats) -> Floats:
    """Return the mean net PnL of a round trip, quote currency, NaN without any.

    Examples
    --------
    >>> float(expectancy(np.array([30.0, -10.0, 0.0, 20.0])))
    10.0
    """
    return quotient(net_pnl.sum(), len(net_pnl))


def payoff(net_pnl: Floats) -> Floats:
    """Return the mean win over the size of the mean loss, NaN without either.

    Examples
    --------
    >>> float(payoff(np.array([30.0, -10.0, 0.0, 20.0])))
    2.5
    """
    wins, losses = net_pnl[net_pnl > 0], net_pnl[net_pnl < 0]
    return quotient(expectancy(wins), -expectancy(losses))


def sqn(net_pnl: Floats) -> Floats:
    """Return the system quality number, NaN unless two round trips differ.

    Notes
    -----
    ``sqrt(n) * mean / std(ddof=1)``, the t statistic of the mean. Of net PnL, where the source
    divides each by the amount first put at risk, and with all round trips counted, where it
    stops at a hundred.

    References
    ----------
    V. K. Tharp, *The Definitive Guide to Position Sizing*, 2008, ch. 2.

    Examples
    --------
    Mean 10, variance (400 + 400 + 100 + 100) / 3, so 2 * 10 / sqrt(1000 / 3):

    >>> round(float(sqn(np.array([30.0, -10.0, 0.0, 20.0]))) ** 2, 9)
    1.2
    """
    if len(net_pnl) < 2:
        return np.asarray(np.nan)
    floor = ROUNDING * np.abs(net_pnl).max()
    return quotient(sqrt(len(net_pnl)) * net_pnl.mean(), net_pnl.std(ddof=1), floor=floor)


def max_consecutive_losses(net_pnl: Floats) -> int:
    """Return the length of the longest unbroken row of losses, 0 if there is none.

    Examples
    --------
    >>> max_consecutive_losses(np.array([30.0, -10.0, -5.0, 0.0, -20.0]))
    2
    """
    others = np.flatnonzero(np.concatenate([[True], net_pnl >= 0, [True]]))
    return int(np.diff(others).max()) - 1
