"""Which targets make an order: the strategy asked once, its answer checked and thinned."""

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.costs import AccountType, Rebalance
from common.domain.time import format_utc
from research.domain.backtest import BacktestRequest, Market
from research.engines.exceptions import InvalidTargets


def read_targets(request: BacktestRequest, market: Market) -> Floats:
    """Ask the strategy once, over the warm-up and the period, and return the period's targets.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Wanted exposure at each close of the period, in [-1, 1]; NaN keeps.

    Raises
    ------
    InvalidTargets
        If the answer has another shape or type, or a target of the period is
        infinite, outside [-1, 1], or negative on a cash account.
    """
    key, bars = request.strategy.key, market.bars
    targets = request.strategy.targets(bars, request.params)
    if targets.dtype != np.float64 or targets.shape != (len(bars),):
        raise InvalidTargets(
            f"targets of {key} have type {targets.dtype} and shape {targets.shape},"
            f" must be float64 and ({len(bars)},)",
            strategy=key,
        )
    targets = targets[market.first :]
    lowest = 0.0 if request.account is AccountType.CASH else -1.0
    # NaN compares false with either bound and passes.
    outside = (targets < lowest) | (targets > 1.0)
    if outside.any():
        row = int(np.argmax(outside))
        moment, value = format_utc(int(market.period.open_ns[row])), float(targets[row])
        raise InvalidTargets(
            f"target of {key} at bar {row}, {moment}, is {value},"
            f" must be in [{lowest:g}, 1] on a {request.account} account",
            strategy=key,
            row=row,
            time=moment,
            value=repr(value),
        )
    return targets


def find_decisions(targets: Floats, rebalance: Rebalance) -> NDArray[np.bool_]:
    """Return at which closes a target makes an order.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_bars,)
        Wanted exposure at each close; NaN keeps.
    rebalance
        Whether each target makes an order, or only one that differs from the last.

    Returns
    -------
    ndarray of bool, shape (n_bars,)

    Notes
    -----
    The last target starts at 0 and becomes every target that is not NaN, whatever
    came of its order.

    Examples
    --------
    >>> targets = np.array([0.0, 0.5, np.nan, 0.5, 0.0])
    >>> find_decisions(targets, Rebalance.ON_CHANGE).tolist()
    [False, True, False, False, True]
    """
    read = ~np.isnan(targets)
    if rebalance is Rebalance.EVERY_BAR:
        return read
    changed = np.zeros(len(targets), np.bool_)
    values = targets[read]
    changed[read] = values != np.concatenate([[0.0], values[:-1]])
    return changed
