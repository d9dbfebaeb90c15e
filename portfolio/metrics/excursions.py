"""How far round trips went against and in favour of their holder before they ended."""

import numpy as np

from common.domain.bars import Bars, Floats
from portfolio.metrics.legs import Legs


def excursions(legs: Legs, *, notional: Floats, bars: Bars) -> tuple[Floats, Floats]:
    """Return the maximum adverse and the maximum favourable excursion of each round trip.

    Parameters
    ----------
    legs
        Legs of the round trips, as `split` returns them.
    notional : ndarray of float64, shape (n_round_trips,)
        Entry notional of each, the sum of price times quantity of its entering legs.
    bars
        The bars of the period.

    Returns
    -------
    tuple of two ndarrays of float64, shape (n_round_trips,)
        Worst loss and best gain the trip showed, fractions of its entry notional, both >= 0,
        before fees.

    Notes
    -----
    What is followed is the PnL of the whole trip, ``flow + held * price``, where `flow` is
    what its legs have brought in so far. With one entry and one exit that is the distance of
    the price from the entry price, over the entry price.

    The prices are those of the trip's own legs, and low and high of every bar from that of one
    leg up to, not including, the bar of the next, with the position held between them. So the
    bar of the entry counts in full, which is exact for an entry at the open and may overstate
    one inside the bar; of the exit bar only the exit price counts, since its low and high may
    lie after the exit. An open round trip counts to its last bar.

    References
    ----------
    J. Sweeney, *Maximum Adverse Excursion*, Wiley, 1997.

    Examples
    --------
    Bought at 100; the low of the bar is 90, its high 120, and the next bar opens at 130:

    >>> from common.domain.fills import FILL_DTYPE
    >>> from common.domain.timeframe import Timeframe
    >>> from portfolio.metrics.legs import split
    >>> opens = np.arange(2) * Timeframe.H1.nanoseconds
    >>> prices = np.array([[100, 130], [120, 200], [90, 50], [110, 130], [1, 1]], float)
    >>> bars = Bars(Timeframe.H1, opens, *prices)
    >>> fills = np.zeros(2, FILL_DTYPE)
    >>> fills["ts_ns"], fills["side"], fills["price"] = opens, (1, -1), (100.0, 130.0)
    >>> fills["quantity"] = 1.0
    >>> mae, mfe = excursions(split(fills, lot=1.0, bars=bars), notional=np.array([100.0]),
    ...                       bars=bars)
    >>> mae.round(12).tolist(), mfe.round(12).tolist()
    ([0.1], [0.3])
    """
    if not len(legs.starts):
        return notional[:0], notional[:0]
    flows = -legs.change * legs.price
    so_far = np.cumsum(flows)
    lengths = np.diff(legs.starts, append=len(flows))
    flow = so_far - np.repeat((so_far - flows)[legs.starts], lengths)

    low, high = _extremes_until_next(legs, bars)
    shown = np.stack([flow + legs.held * price for price in (legs.price, low, high)])
    worst = np.minimum.reduceat(shown.min(axis=0), legs.starts)
    best = np.maximum.reduceat(shown.max(axis=0), legs.starts)
    return np.maximum(-worst, 0.0) / notional, np.maximum(best, 0.0) / notional


def _extremes_until_next(legs: Legs, bars: Bars) -> tuple[Floats, Floats]:
    """Return low and high of the bars from each leg to the next, its price where there are none.

    The last leg of a trip holds nothing, so what lies between two trips does not matter.
    """
    following = np.append(legs.bar[1:], len(bars))
    spans = legs.bar < following
    low, high = legs.price.copy(), legs.price.copy()
    if spans.any():
        low[spans] = np.minimum.reduceat(bars.low, legs.bar[spans])
        high[spans] = np.maximum.reduceat(bars.high, legs.bar[spans])
    return low, high
