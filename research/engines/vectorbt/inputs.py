"""A task in vectorbt's words: one row a bar and one a stop, quantities in lots.

Quantities are counted in lots and money is divided by the lot; prices stay as they
are. Then every quantity is a whole number, on which vectorbt's flooring to a
granularity of 1 is exact; on fractions such as 0.001 it loses lots to binary error.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.costs import AccountType, Rebalance, SizingMode
from common.domain.enums import FillReason
from research.engines.base import Task
from research.engines.decisions import find_decisions
from research.engines.exceptions import UnsupportedFeature

type SizeType = Literal["targetpercent", "targetvalue", "targetamount"]

_SIZE_TYPES: Final[dict[SizingMode, SizeType]] = {
    SizingMode.EQUITY_FRACTION: "targetpercent",
    SizingMode.FIXED_NOTIONAL: "targetvalue",
    SizingMode.FIXED_QUANTITY: "targetamount",
}
# A quantity this near a whole number of lots is one: 0.29 / 0.01 is 28.999999999999996.
_SAME_LOT: Final = 1e-15
# Relative difference below which vectorbt calls two sizes equal: `rel_tol` in its math_.py.
SIZE_TOLERANCE: Final = 1e-9
# Value of a lot relative to cash: with less, the cash that vectorbt loses after a buy is
# worth an order of its own at the next bar.
_EVERY_BAR_LOT: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Stop:
    """An exit at a stop: its bar, counted in the period, its price before slippage, and why."""

    bar: int
    price: float
    reason: FillReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Arguments of `Portfolio.from_orders`, by its names; arrays have shape (n_rows,).

    Parameters
    ----------
    bar, reason
        Bar of each row and why an order is due there: a bar has a row for its open, and
        one after it if a position leaves at a stop.
    close, price, val_price
        Closes, opens, and the close before: the fill is at the open, the size comes
        from the value at the close at which the target was read.
    size
        Target read at the close before, in the unit of `size_type`; NaN makes no order.
    min_size
        Lots of an order, half a lot below the least number that is admitted; 0 where the
        order closes the position. At least 1 where fractions are allowed, so that the
        noise of floats is no order.
    size_granularity
        1 for an order of whole lots, NaN for one of fractions of them.
    """

    bar: NDArray[np.int64]
    reason: NDArray[np.int8]
    close: Floats
    price: Floats
    val_price: Floats
    size: Floats
    size_type: SizeType
    min_size: Floats
    size_granularity: Floats
    init_cash: float
    fees: float
    slippage: float
    direction: Literal["longonly", "both"]

    @property
    def ordered(self) -> NDArray[np.bool_]:
        """Rows at which an order is due."""
        return ~np.isnan(self.size)


@dataclass(frozen=True, slots=True)
class LotScale:
    """Between units of the base or quote currency and lots."""

    lot: Decimal

    def to_lots(self, amount: float) -> float:
        """Divide by the lot, through integers: 1 / 0.1 has no exact divisor, 10 / 1 has."""
        numerator, denominator = self.lot.as_integer_ratio()
        return amount * denominator / numerator

    def from_lots(self, lots: Floats) -> Floats:
        """Multiply by the lot; 3 lots of 0.1 are 0.3, not 0.30000000000000004."""
        numerator, denominator = self.lot.as_integer_ratio()
        amounts: Floats = lots * float(numerator) / float(denominator)
        return amounts


def check_lot(task: Task) -> None:
    """Refuse to rebalance at every bar in lots worth next to nothing.

    Raises
    ------
    UnsupportedFeature
        If a lot is worth less than a millionth of the starting cash.
    """
    if task.request.rebalance is not Rebalance.EVERY_BAR:
        return
    lot = float(task.market.instrument.lot) * float(task.market.period.close.min())
    least = _EVERY_BAR_LOT * task.request.cash
    if lot < least:
        raise UnsupportedFeature(
            f"vectorbt rebalances at every bar only where a lot is worth {least:g} or more,"
            f" a millionth of the cash; here it is worth {lot:g}: state the instrument's lot",
            engine="vectorbt",
            features=["every_bar"],
        )


def build_inputs(task: Task, stops: tuple[Stop, ...] = ()) -> Inputs:
    """Return the arguments that make vectorbt execute a task by the canonical rule."""
    inputs = _build_targets(task, stops)
    if not stops:
        return inputs
    after = np.array([stop.bar + 1 for stop in stops])
    prices = np.array([stop.price for stop in stops])
    return replace(
        inputs,
        bar=np.insert(inputs.bar, after, after - 1),
        reason=np.insert(inputs.reason, after, [stop.reason for stop in stops]),
        close=np.insert(inputs.close, after, prices),
        price=np.insert(inputs.price, after, prices),
        val_price=np.insert(inputs.val_price, after, prices),
        size=np.insert(inputs.size, after, 0.0),
        min_size=np.insert(inputs.min_size, after, 0.0),
        size_granularity=np.insert(inputs.size_granularity, after, 1.0),
    )


def _build_targets(task: Task, stops: tuple[Stop, ...]) -> Inputs:
    request, bars = task.request, task.market.period
    scale = LotScale(task.market.instrument.lot)
    before = np.concatenate([bars.close[:1], bars.close[:-1]])
    decided = np.where(_decisions(task, stops), task.exposures, np.nan)
    targets = np.concatenate([[np.nan], decided[:-1]])
    least = _least_lots(scale.to_lots(float(task.market.instrument.min_notional or 0)) / before)
    return Inputs(
        bar=np.arange(len(bars)),
        reason=np.full(len(bars), FillReason.TARGET, np.int8),
        close=bars.close,
        price=bars.open,
        val_price=before,
        size=_sizes(task, targets, scale),
        size_type=_SIZE_TYPES[request.sizing.mode],
        min_size=np.where(targets == 0.0, 0.0, least),
        size_granularity=np.ones(len(bars)),
        init_cash=scale.to_lots(request.cash),
        fees=request.costs.fee_rate,
        slippage=request.costs.slippage,
        direction="both" if request.account is AccountType.MARGIN else "longonly",
    )


def _decisions(task: Task, stops: tuple[Stop, ...]) -> NDArray[np.bool_]:
    decisions = find_decisions(task.exposures, task.request.rebalance)
    changes = np.flatnonzero(find_decisions(task.exposures, Rebalance.ON_CHANGE))
    for stop in stops:
        # Flat until the target changes, also where every target would be an order.
        following = changes[np.searchsorted(changes, stop.bar) :]
        decisions[stop.bar : following[0] if len(following) else None] = False
    return decisions


def allow_fractions(inputs: Inputs, rows: NDArray[np.bool_]) -> Inputs:
    """Return the inputs with fractions of a lot allowed at these rows, and where they close.

    Notes
    -----
    A position that holds a fraction of a lot is left whole by none but the order that
    closes it, so that has to sell the fraction too.
    """
    closes = inputs.size == 0.0
    return replace(
        inputs,
        min_size=np.where(rows & ~closes, np.maximum(inputs.min_size, 1.0), inputs.min_size),
        size_granularity=np.where(rows | closes, np.nan, inputs.size_granularity),
    )


def _least_lots(minimum: Floats) -> Floats:
    whole = np.ceil(minimum * (1 - _SAME_LOT))
    # vectorbt takes a size that is 1e-9 too small; half a lot less keeps both sides clear.
    return np.maximum(whole - 0.5, 0.0) / (1 - SIZE_TOLERANCE)


def _sizes(task: Task, targets: Floats, scale: LotScale) -> Floats:
    sizing = task.request.sizing
    if sizing.value is None:
        return targets
    sizes = targets * scale.to_lots(sizing.value)
    if sizing.mode is SizingMode.FIXED_NOTIONAL:
        return sizes
    whole = np.rint(sizes)
    return np.where(np.abs(sizes - whole) <= _SAME_LOT * np.abs(whole), whole, sizes)
