"""The functions of hftbacktest that compiled code calls, as its own Python binding declares them.

The binding's classes are compiled anew in every process, which takes seconds, because Numba
cannot keep code that holds addresses. Here the same functions, of the same loaded library, are
called by name: what calls them is compiled once and kept on the disk.
"""

import ctypes
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np
from hftbacktest import binding
from hftbacktest.intrinsic import address_as_void_pointer
from hftbacktest.types import event_dtype, order_dtype, state_values_dtype
from numba import carray, types
from numpy.typing import NDArray

from research.engines.hftbacktest.caching import compiled

ORDER_DTYPE: Final = order_dtype

# An address is an integer here, and so is a flag: a register of its own each.
_I, _F = types.int64, types.float64


def _declare(name: str, result: Any, *arguments: Any) -> Any:
    address = ctypes.cast(getattr(binding, name), ctypes.c_void_p).value
    llvm.add_symbol(f"assay_{name}", address)
    return types.ExternalFunction(f"assay_{name}", result(*arguments))


elapse = _declare("hashmapbt_elapse", _I, _I, _I)
wait_next_feed = _declare("hashmapbt_wait_next_feed", _I, _I, _I, _I)
# The binding spells this one so.
wait_order_response = _declare("hashmapbt_hashmapbt_wait_order_response", _I, _I, _I, _I, _I)
current_timestamp = _declare("hashmapbt_current_timestamp", _I, _I)
submit_buy_order = _declare(
    "hashmapbt_submit_buy_order", _I, _I, _I, _I, _F, _F, _I, _I, _I
)  # fmt: skip
submit_sell_order = _declare(
    "hashmapbt_submit_sell_order", _I, _I, _I, _I, _F, _F, _I, _I, _I
)  # fmt: skip
modify_order = _declare("hashmapbt_modify", _I, _I, _I, _I, _F, _F, _I)
cancel_order = _declare("hashmapbt_cancel", _I, _I, _I, _I, _I)
clear_inactive_orders = _declare("hashmapbt_clear_inactive_orders", types.void, _I, _I)
clear_last_trades = _declare("hashmapbt_clear_last_trades", types.void, _I, _I)
depth_of = _declare("hashmapbt_depth", _I, _I, _I)
best_bid_tick = _declare("hashmapdepth_best_bid_tick", _I, _I)
best_ask_tick = _declare("hashmapdepth_best_ask_tick", _I, _I)
bid_qty_at_tick = _declare("hashmapdepth_bid_qty_at_tick", _F, _I, _I)
ask_qty_at_tick = _declare("hashmapdepth_ask_qty_at_tick", _F, _I, _I)
_orders = _declare("hashmapbt_orders", _I, _I, _I)
_orders_get = _declare("orders_get", _I, _I, _I)
_orders_values = _declare("orders_values", _I, _I)
_orders_values_next = _declare("orders_values_next", _I, _I)
_state_values = _declare("hashmapbt_state_values", _I, _I, _I)
_last_trades = _declare("hashmapbt_last_trades", _I, _I, _I, _I)


@compiled
def find_order(hbt: int, order_id: int) -> NDArray[np.void]:
    """Return the library's own record of an order as an array of one, or of none."""
    address = _orders_get(_orders(hbt, 0), order_id)
    found: NDArray[np.void] = carray(
        address_as_void_pointer(address), 1 if address != 0 else 0, order_dtype
    )
    return found


@compiled
def first_order(hbt: int) -> int:
    """Begin to go through the orders the library knows of; `next_order` must see the end."""
    return _orders_values(_orders(hbt, 0))


@compiled
def next_order(orders: int) -> NDArray[np.void]:
    """Return one more order as an array of one, or of none after the last."""
    address = _orders_values_next(orders)
    found: NDArray[np.void] = carray(
        address_as_void_pointer(address), 1 if address != 0 else 0, order_dtype
    )
    return found


@compiled
def state_values(hbt: int) -> NDArray[np.void]:
    """Return the account as the library keeps it, an array of one."""
    values: NDArray[np.void] = carray(
        address_as_void_pointer(_state_values(hbt, 0)), 1, state_values_dtype
    )
    return values


@compiled
def last_trades(hbt: int, length: NDArray[np.uint64]) -> NDArray[np.void]:
    """Return the public trades received since they were last cleared, oldest first."""
    address = _last_trades(hbt, 0, length.ctypes.data)
    trades: NDArray[np.void] = carray(
        address_as_void_pointer(address), np.int64(length[0]), event_dtype
    )
    return trades
