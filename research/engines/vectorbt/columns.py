"""Many parameter sets at once, a column each, broadcast through vectorbt's Rust engine.

Where a lot is worth less than a billionth of the cash, vectorbt drops what little cash a full
buy leaves. A run makes up for it; columns do not, and may there differ from the run by about
1e-7 of equity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.domain.costs import Rebalance
from research.engines.base import Task
from research.engines.exceptions import InvariantViolated, UnsupportedFeature
from research.engines.vectorbt.errors import translated
from research.engines.vectorbt.inputs import Inputs, LotScale, build_inputs
from research.engines.vectorbt.runner import import_vectorbt

# Measured: vectorbt's broadcast arrays and ours, for each bar of each column.
BYTES_PER_CELL: Final = 150
# Above a million cells a chunk no longer fits the caches, and each cell takes longer.
_BEST_CELLS: Final = 1_000_000
_SAME: Final = 1e-9  # relative


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What vectorbt made of several parameter sets; columns are in their order.

    Parameters
    ----------
    column, row : ndarray of int64, shape (n_fills,)
        Parameter set and bar of each fill, sorted by both.
    signed, price, fee : ndarray of float64, shape (n_fills,)
        Quantity with its sign (base currency), price, and fee (quote currency).
    equity, quantity : ndarray of float64, shape (n_bars, n_columns)
        Cash plus position, and signed position, at each close.
    """

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    signed: Floats
    price: Floats
    fee: Floats
    equity: Floats
    quantity: Floats


def chunk_size(bars: int, budget_bytes: int) -> int:
    """Return how many columns run at once within a budget of memory, at least one."""
    cells = min(budget_bytes // BYTES_PER_CELL, _BEST_CELLS)
    return max(int(cells) // max(bars, 1), 1)


def check_columns(task: Task) -> None:
    """Refuse a task whose orders depend on what earlier ones of the same run came to.

    Raises
    ------
    UnsupportedFeature
        If it has stops, a minimum notional, or rebalances at every bar: such parameter
        sets run one by one.
    """
    reasons = {
        "stops": task.stops is not None,
        "a minimum notional": task.market.instrument.min_notional is not None,
        "every_bar": task.request.rebalance is Rebalance.EVERY_BAR,
    }
    found = [reason for reason, is_so in reasons.items() if is_so]
    if found:
        raise UnsupportedFeature(
            f"{', '.join(found)} cannot be broadcast over columns", features=[*found]
        )


def run_columns(tasks: Sequence[Task]) -> Columns:
    """Execute tasks that differ in nothing but their targets.

    Parameters
    ----------
    tasks
        At least one, all of one market and one request but for parameters and targets.

    Raises
    ------
    UnsupportedFeature
        As `check_columns`.
    EngineFailed
        If vectorbt raises.
    InvariantViolated
        If a fill is not at its bar's open, or its fee is not by the rate.
    """
    for task in tasks:
        check_columns(task)
    inputs = [build_inputs(task) for task in tasks]
    orders = _simulate(inputs)
    _check(orders, inputs[0])
    market, cash = tasks[0].market, tasks[0].request.cash
    return _read(
        orders, market.period, cash=cash, scale=LotScale(market.instrument.lot), n=len(tasks)
    )


def _simulate(inputs: Sequence[Inputs]) -> NDArray[np.void]:
    base, _ = import_vectorbt()
    first = inputs[0]
    size = np.column_stack([each.size for each in inputs])
    with translated():
        portfolio = base.Portfolio.from_orders(
            close=np.broadcast_to(first.close[:, None], size.shape),
            size=size,
            size_type=first.size_type,
            direction=first.direction,
            price=first.price[:, None],
            fees=first.fees,
            slippage=first.slippage,
            size_granularity=1.0,
            val_price=first.val_price[:, None],
            init_cash=first.init_cash,
            max_orders=max(int(np.count_nonzero(~np.isnan(size))), 1),
            # Never "auto": that compiles for seconds wherever Rust is missing.
            engine="rust",
        )
        records: NDArray[np.void] = portfolio.order_records
    # A buy cut to less than a lot is booked as a fill of nothing.
    return records[records["size"] > 0]


def _check(orders: NDArray[np.void], inputs: Inputs) -> None:
    """Refuse fills off the opens, on the first bar, or with another fee than the rate's.

    Raises
    ------
    InvariantViolated
        If there is one.
    """
    row, price = orders["idx"], orders["price"]
    side = np.where(orders["side"] == 0, 1.0, -1.0)
    wanted = inputs.price[row] * (1 + side * inputs.slippage)
    fee = inputs.fees * price * orders["size"]
    right = (
        (row > 0)
        & (np.abs(price - wanted) <= _SAME * wanted)
        & (np.abs(orders["fees"] - fee) <= _SAME * fee)
    )
    if not right.all():
        at = int(np.argmin(right))
        raise InvariantViolated(
            f"fill {at} of column {orders['col'][at]} at bar {row[at]} is at {price[at]!r} with a"
            f" fee of {orders['fees'][at]!r} (by the lot), must be at {wanted[at]!r} and {fee[at]!r}"
        )


def _read(
    orders: NDArray[np.void], bars: Bars, *, cash: float, scale: LotScale, n: int
) -> Columns:
    column, row = orders["col"].astype(np.int64), orders["idx"].astype(np.int64)
    lots = np.where(orders["side"] == 0, 1.0, -1.0) * orders["size"]
    signed = scale.from_lots(lots)
    price, fee = orders["price"].astype(np.float64), scale.from_lots(orders["fees"])
    # One row of memory a column, so that its sums run along it.
    held, left = np.zeros((n, len(bars))), np.zeros((n, len(bars)))
    held[column, row] = lots
    left[column, row] = -signed * price - fee
    # Whole lots add up exactly; sums of large quantities would leave more than a lot behind.
    np.cumsum(held, axis=1, out=held)
    np.cumsum(left, axis=1, out=left)
    quantity = scale.from_lots(held)
    left += cash
    left += quantity * bars.close
    return Columns(
        column=column,
        row=row,
        signed=signed,
        price=price,
        fee=fee,
        equity=left.T,
        quantity=quantity.T,
    )
