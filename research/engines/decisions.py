"""Which targets make an order: the strategy asked once, its answer checked and thinned."""

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.costs import AccountType, Rebalance
from common.domain.time import format_utc
from research.domain.backtest import BacktestRequest, Market
from research.engines.exceptions import InvalidTargets
from trading.strategies.base import Strategy


def read_targets(request: BacktestRequest, market: Market) -> Floats | None:
    """Ask the strategy once, over the warm-up and the period, and return the period's targets.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Wanted exposure at each close of the period, in [-1, 1]; NaN keeps. None of a
        strategy that quotes instead.

    Raises
    ------
    InvalidTargets
        If the answer has another shape or type, or a target of the period is
        infinite, outside [-1, 1], or negative on a cash account.
    """
    strategy, bars = request.strategy, market.bars
    if not isinstance(strategy, Strategy):
        return None
    key = strategy.key
    targets: object = strategy.targets(bars, request.params)
    # A person's own strategy may answer with anything, whatever its annotation says.
    if not isinstance(targets, np.ndarray):
        raise InvalidTargets(
            f"targets of {key} are of type {type(targets).__name__}, must be an array",
            strategy=key,
        )
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
