"""How much of the time a run was in the market, and how much it traded."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common.domain.bars import Floats
from portfolio.metrics.quotient import quotient
from portfolio.metrics.returns import YEAR_DAYS


def exposure(held: Floats, *, bar: NDArray[np.intp], n_bars: int) -> Floats:
    """Return the fraction of bars at whose close there is a position, NaN without bars.

    Parameters
    ----------
    held : ndarray of float64, shape (n_fills,)
        Signed position after each fill, exactly zero when flat.
    bar : ndarray of intp, shape (n_fills,)
        Position of the bar in which each fill falls.
    n_bars
        Number of bars of the period.

    Examples
    --------
    Bought in the second of five bars and sold in the fourth, so held at two closes:

    >>> float(exposure(np.array([1.0, 0.0]), bar=np.array([1, 3]), n_bars=5))
    0.4
    """
    closes = np.diff(bar, append=n_bars)
    return quotient(closes[held != 0].sum(), n_bars)


def turnover(traded: float, *, equity: Floats, days: float) -> Floats:
    """Return how often a year the mean equity is traded, NaN without a positive mean equity.

    Parameters
    ----------
    traded
        Sum of price times quantity over all fills, quote currency.
    equity : ndarray of float64, shape (n_bars,) or (n_bars, n_columns)
        Equity at the close of each bar, quote currency.
    days
        Length of the period in days.

    Returns
    -------
    ndarray of float64, shape () or (n_columns,)
        ``traded / mean(equity) / (days / 365)``; buying and selling all of it once counts two.

    Examples
    --------
    >>> float(turnover(600.0, equity=np.array([100.0, 200.0]), days=730.0))
    2.0
    """
    mean: ArrayLike = equity.mean(axis=0) if len(equity) else np.nan
    return quotient(quotient(traded, mean), days / YEAR_DAYS)
