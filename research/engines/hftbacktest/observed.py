"""The library's backtest as a person's own function sees it, each fill written down.

It is the binding's own class; whatever lets time pass looks afterwards at what the library
says was executed. Orders are executed whole and stay listed until the function clears them,
so none is missed; the library counts its trades, and another count ends the run.
"""

from functools import cache
from typing import Any, Final, override

import numpy as np
from hftbacktest import binding
from numba import typeof, types
from numba.experimental import jitclass
from numpy.typing import NDArray

from research.engines.hftbacktest.caching import compiled, compiled_for
from research.engines.hftbacktest.desk import DONE, END_OF_DATA, FILLED, ROW_DTYPE
from research.engines.hftbacktest.symbols import (
    cancel_order,
    current_timestamp,
    elapse,
    first_order,
    modify_order,
    next_order,
    state_values,
    submit_buy_order,
    submit_sell_order,
    wait_next_feed,
    wait_order_response,
)

_LONGEST_NS: Final = 2**62


@compiled
def _is_noted(row: NDArray[np.void], ids: NDArray[np.int64], order: Any) -> bool:
    """Tell whether a fill is written down: they come in the order of the exchange's clock."""
    for at in range(len(row) - 1, -1, -1):
        if row[at].ts_ns < order.exch_timestamp:
            return False
        if row[at].ts_ns > order.exch_timestamp or ids[at] == np.int64(order.order_id):
            return True
    return False


def note_fills(  # noqa: PLR0917 - compiled code is called by position
    hbt: int, rows: NDArray[np.void], ids: NDArray[np.int64], noted: int
) -> int:
    """Write down what was executed since the last look, and return how many there are."""
    account = state_values(hbt)[0]
    known, count = noted, noted
    orders = first_order(hbt)
    found = next_order(orders)
    while len(found) == 1:
        order = found[0]
        fits = count < len(rows)
        if order.status == FILLED and fits and not _is_noted(rows[:known], ids[:known], order):
            row = rows[count]
            row.ts_ns = order.exch_timestamp
            row.side = np.int64(order.side)
            row.ticks = order.exec_price_tick
            row.quantity = order.exec_qty
            row.maker = np.int64(order.maker)
            row.step = known
            row.position = account.position
            row.balance = account.balance
            row.fee = account.fee
            row.num_trades = account.num_trades
            ids[count] = np.int64(order.order_id)
            count += 1
        found = next_order(orders)
    return count


def _compile_note_fills() -> Any:
    rows, ids = typeof(np.zeros(1, ROW_DTYPE)), types.int64[::1]
    return compiled_for(types.int64(types.int64, rows, ids, types.int64), note_fills)


_note_fills = _compile_note_fills()


class Observed(binding.HashMapMarketDepthBacktest):  # type: ignore[misc]
    """The binding's backtest until a given time, at which it says that the data ends."""

    def __init__(self, address: int, end_ns: int) -> None:
        self.ptr = address
        self.address = address
        self.end_ns = end_ns
        self.rows = np.zeros(1_024, ROW_DTYPE)
        self.ids = np.zeros(1_024, np.int64)
        self.noted = 0

    def _looked(self, code: int) -> int:
        trades = state_values(self.address)[0].num_trades
        if trades > len(self.rows):
            rows, ids = np.zeros(2 * trades, ROW_DTYPE), np.zeros(2 * trades, np.int64)
            rows[: len(self.rows)] = self.rows
            ids[: len(self.ids)] = self.ids
            self.rows = rows
            self.ids = ids
        if trades != self.noted:
            self.noted = _note_fills(self.address, self.rows, self.ids, self.noted)
        if code == DONE and current_timestamp(self.address) >= self.end_ns:
            return END_OF_DATA
        return code

    def _within(self, duration: int) -> int:
        left = self.end_ns - current_timestamp(self.address)
        return max(min(duration, left), 0)

    def _answered(self, code: int, order_id: int, wait: int) -> int:
        if code != DONE or not wait:
            return code
        within = self._within(_LONGEST_NS)
        return self._looked(wait_order_response(self.address, 0, order_id, within))

    @override
    def elapse(self, duration: int) -> int:
        return self._looked(elapse(self.address, self._within(duration)))

    @override
    def elapse_bt(self, duration: int) -> int:
        return self._looked(elapse(self.address, self._within(duration)))

    @override
    def wait_next_feed(self, include_order_resp: bool, timeout: int) -> int:
        asked = 1 if include_order_resp else 0
        return self._looked(wait_next_feed(self.address, asked, self._within(timeout)))

    @override
    def wait_order_response(self, asset_no: int, order_id: int, timeout: int) -> int:
        within = self._within(timeout)
        return self._looked(wait_order_response(self.address, asset_no, order_id, within))

    @override
    def submit_buy_order(
        self,
        asset_no: int,
        order_id: int,
        price: float,
        qty: float,
        time_in_force: int,
        order_type: int,
        wait: bool,
    ) -> int:
        code = submit_buy_order(
            self.address, asset_no, order_id, price, qty, time_in_force, order_type, 0
        )
        return self._answered(code, order_id, wait)

    @override
    def submit_sell_order(
        self,
        asset_no: int,
        order_id: int,
        price: float,
        qty: float,
        time_in_force: int,
        order_type: int,
        wait: bool,
    ) -> int:
        code = submit_sell_order(
            self.address, asset_no, order_id, price, qty, time_in_force, order_type, 0
        )
        return self._answered(code, order_id, wait)

    @override
    def modify(self, asset_no: int, order_id: int, price: float, qty: float, wait: bool) -> int:
        code = modify_order(self.address, asset_no, order_id, price, qty, 0)
        return self._answered(code, order_id, wait)

    @override
    def cancel(self, asset_no: int, order_id: int, wait: bool) -> int:
        return self._answered(cancel_order(self.address, asset_no, order_id, 0), order_id, wait)

    @override
    def close(self) -> int:
        # Whoever built it closes it, after the last look.
        return DONE

    @override
    def _goto_end(self) -> int:
        return self._looked(elapse(self.address, self._within(_LONGEST_NS)))


def observe(address: int, end_ns: int) -> Any:
    """Return the backtest at this address as a person's own function sees it."""
    return _observed()(address, end_ns)


@cache
def _observed() -> Any:
    spec = [
        ("ptr", types.voidptr),
        ("address", types.int64),
        ("end_ns", types.int64),
        ("rows", typeof(np.zeros(1, ROW_DTYPE))),
        ("ids", types.int64[::1]),
        ("noted", types.int64),
    ]
    return jitclass(spec)(Observed)
