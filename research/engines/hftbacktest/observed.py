"""The library's backtest as a person's own function sees it, each fill written down.

It is the binding's own class; whatever lets time pass looks afterwards at what the library
says was executed. Orders are executed whole and stay listed until the function clears them,
so none is missed; the library counts its trades, and another count ends the run.
"""

from functools import cache
from typing import Any, Final, NamedTuple, override

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

MOST_FILLS: Final = 1_000_000
_LONGEST_NS: Final = 2**62
# Places in a watch's times.
_ADDRESS: Final = 0
END_NS: Final = 1
NOTED: Final = 2


@compiled
def _is_noted(row: NDArray[np.void], ids: NDArray[np.int64], order: Any) -> bool:
    """Tell whether a fill is written down: they come in the order of the exchange's clock."""
    for at in range(len(row) - 1, -1, -1):
        if row[at].ts_ns < order.exch_timestamp:
            return False
        if row[at].ts_ns > order.exch_timestamp or ids[at] == np.int64(order.order_id):
            return True
    return False


@compiled
def _note_fills(watch: NDArray[np.int64], rows: NDArray[np.void], ids: NDArray[np.int64]) -> None:
    account = state_values(watch[_ADDRESS])[0]
    known, count = watch[NOTED], watch[NOTED]
    orders = first_order(watch[_ADDRESS])
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
    watch[NOTED] = count


def look(  # noqa: PLR0917 - compiled code is called by position
    watch: NDArray[np.int64], rows: NDArray[np.void], ids: NDArray[np.int64], code: int
) -> int:
    """Write down what was executed since the last look; say that the data end at the end."""
    if state_values(watch[_ADDRESS])[0].num_trades != watch[NOTED]:
        _note_fills(watch, rows, ids)
    if code == DONE and current_timestamp(watch[_ADDRESS]) >= watch[END_NS]:
        return END_OF_DATA
    return code


def within(watch: NDArray[np.int64], duration: int) -> int:
    """Return a duration cut at the end."""
    left = watch[END_NS] - current_timestamp(watch[_ADDRESS])
    return max(min(duration, left), 0)


_ROWS: Final = typeof(np.zeros(1, ROW_DTYPE))
_TIMES: Final = types.int64[::1]
# Read from the disk: in the class they would be compiled anew in every process.
_look: Final = compiled_for(types.int64(_TIMES, _ROWS, _TIMES, types.int64), look)
_within: Final = compiled_for(types.int64(_TIMES, types.int64), within)


class Observed(binding.HashMapMarketDepthBacktest):  # type: ignore[misc]
    """The binding's backtest until a given time, at which it says that the data ends."""

    def __init__(
        self, watch: NDArray[np.int64], rows: NDArray[np.void], ids: NDArray[np.int64]
    ) -> None:
        self.ptr = watch[0]
        self.watch = watch
        self.rows = rows
        self.ids = ids

    def _looked(self, code: int) -> int:
        return _look(self.watch, self.rows, self.ids, code)

    def _answered(self, code: int, order_id: int, wait: int) -> int:
        if code != DONE or not wait:
            return code
        within = _within(self.watch, _LONGEST_NS)
        return self._looked(wait_order_response(self.watch[0], 0, order_id, within))

    @override
    def elapse(self, duration: int) -> int:
        return self._looked(elapse(self.watch[0], _within(self.watch, duration)))

    @override
    def elapse_bt(self, duration: int) -> int:
        return self._looked(elapse(self.watch[0], _within(self.watch, duration)))

    @override
    def wait_next_feed(self, include_order_resp: bool, timeout: int) -> int:
        asked = 1 if include_order_resp else 0
        return self._looked(wait_next_feed(self.watch[0], asked, _within(self.watch, timeout)))

    @override
    def wait_order_response(self, asset_no: int, order_id: int, timeout: int) -> int:
        within = _within(self.watch, timeout)
        return self._looked(wait_order_response(self.watch[0], asset_no, order_id, within))

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
            self.watch[0], asset_no, order_id, price, qty, time_in_force, order_type, 0
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
            self.watch[0], asset_no, order_id, price, qty, time_in_force, order_type, 0
        )
        return self._answered(code, order_id, wait)

    @override
    def modify(self, asset_no: int, order_id: int, price: float, qty: float, wait: bool) -> int:
        code = modify_order(self.watch[0], asset_no, order_id, price, qty, 0)
        return self._answered(code, order_id, wait)

    @override
    def cancel(self, asset_no: int, order_id: int, wait: bool) -> int:
        return self._answered(cancel_order(self.watch[0], asset_no, order_id, 0), order_id, wait)

    @override
    def close(self) -> int:
        # Whoever built it closes it, after the last look.
        return DONE

    @override
    def _goto_end(self) -> int:
        return self._looked(elapse(self.watch[0], _within(self.watch, _LONGEST_NS)))


class Watch(NamedTuple):
    """What is written down of a backtest; the first `times[NOTED]` rows are in use."""

    times: NDArray[np.int64]
    rows: NDArray[np.void]
    ids: NDArray[np.int64]


def open_watch(address: int, end_ns: int) -> Watch:
    """Return an empty watch on the backtest at this address."""
    # Memory is taken where something is written, not for all of it.
    return Watch(
        np.array([address, end_ns, 0], np.int64),
        np.zeros(MOST_FILLS, ROW_DTYPE),
        np.zeros(MOST_FILLS, np.int64),
    )


@cache
def observed_class() -> Any:
    """Return the class that is made of a watch and given to a person's own function."""
    spec = [("ptr", types.voidptr), ("watch", _TIMES), ("rows", _ROWS), ("ids", _TIMES)]
    return jitclass(spec)(Observed)
