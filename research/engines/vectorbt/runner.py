"""Run vectorbt; the only file that imports it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.loading import light_import
from research.engines.vectorbt.errors import translated
from research.engines.vectorbt.inputs import Inputs

_COLUMNS: Final = {
    "idx": "row",
    "value": "value",
    "val_price": "val_price",
    "position": "position",
    "req_size": "requested",
    "res_size": "size",
    "res_price": "price",
    "res_fees": "fee",
    "cash": "cash_before",
    "new_cash": "cash_after",
    "new_position": "position_after",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """vectorbt's log, one entry an order that was due; quantities in lots, money by the lot.

    Parameters
    ----------
    row : ndarray of int64
        Row of the inputs at which the order was due.
    value, val_price, position : ndarray of float64
        Equity, price it was marked at and signed position when the order was sized.
    requested : ndarray of float64
        Target in the unit of the size type.
    is_filled, is_below_minimum : ndarray of bool
        What became of it; neither is an order of less than a lot, or without cash.
    side, size, price, fee : ndarray of float64
        Side +1 or -1, and the fill's facts; NaN where there was none.
    cash_before, cash_after, position_after : ndarray of float64
        The account before and after the order.
    """

    row: NDArray[np.int64]
    value: Floats
    val_price: Floats
    position: Floats
    requested: Floats
    is_filled: NDArray[np.bool_]
    is_below_minimum: NDArray[np.bool_]
    side: Floats
    size: Floats
    price: Floats
    fee: Floats
    cash_before: Floats
    cash_after: Floats
    position_after: Floats


def import_vectorbt() -> tuple[Any, Any]:
    """Return vectorbt's modules of portfolios and of their enumerations.

    Raises
    ------
    EngineFailed
        If one cannot be imported.
    """
    # The widgets are for notebooks and ccxt is for downloads: vectorbt runs without
    # them, and their imports take a quarter of its own.
    with translated(), light_import("anywidget", "ccxt", "ipywidgets"):
        from vectorbt.portfolio import base, enums

        return base, enums


def simulate(inputs: Inputs) -> Records:
    """Return what vectorbt's Rust engine makes of the orders.

    Raises
    ------
    EngineFailed
        If vectorbt cannot be imported or raises.
    """
    base, enums = import_vectorbt()
    with translated():
        portfolio = _order(base, inputs)
        records = _read_log(portfolio.log_records, enums)
        # It refers to itself: with its arrays it would live on beside those that follow.
        vars(portfolio).clear()
        return records


def _order(base: Any, inputs: Inputs) -> Any:
    ordered = inputs.ordered
    count = max(int(np.count_nonzero(ordered)), 1)
    return base.Portfolio.from_orders(
        close=inputs.close,
        size=inputs.size,
        size_type=inputs.size_type,
        direction=inputs.direction,
        price=inputs.price,
        fees=inputs.fees,
        slippage=inputs.slippage,
        min_size=inputs.min_size,
        size_granularity=inputs.size_granularity,
        val_price=inputs.val_price,
        init_cash=inputs.init_cash,
        log=ordered,
        max_orders=count,
        max_logs=count,
        # Never "auto": that compiles for seconds wherever Rust is missing.
        engine="rust",
    )


def _read_log(log: NDArray[np.void], enums: Any) -> Records:
    # Copies, so that the log is freed: its records have 38 columns.
    column = {ours: log[theirs].copy() for theirs, ours in _COLUMNS.items()}
    return Records(
        # A buy cut to less than a lot is booked as a fill of nothing.
        is_filled=(log["res_status"] == enums.OrderStatus.Filled) & (log["res_size"] > 0),
        is_below_minimum=log["res_status_info"] == enums.OrderStatusInfo.MinSizeNotReached,
        side=np.where(log["res_side"] == enums.OrderSide.Buy, 1.0, -1.0),
        **column,
    )
