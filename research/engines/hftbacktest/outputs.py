"""What a replay recorded as the platform's facts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.costs import CostModel
from common.domain.enums import FillReason, Liquidity
from common.domain.events import EventFiles
from common.domain.fills import FILL_DTYPE, Fills
from research.domain.backtest import BacktestRequest, Execution, Market, NativeRequest
from research.engines.exceptions import EngineFailed
from research.engines.hftbacktest.replay import Span

# Relative: rounding of a sum of many fees, and of a fee itself.
_SUM_NOISE: Final = 1e-15
_SAME_FEE: Final = 1e-12

type AnyRequest = BacktestRequest | NativeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The account after each fill.

    Parameters
    ----------
    fills
        In time order.
    cash, quantity : ndarray of float64, shape (n_fills,)
        Cash and signed position.
    """

    fills: Fills
    cash: Floats
    quantity: Floats


def read_ledger(rows: NDArray[np.void], events: EventFiles, request: AnyRequest) -> Ledger:
    """Return fills, and the account as hftbacktest itself kept it.

    Raises
    ------
    EngineFailed
        If it counts another number of trades than were seen.
    """
    rows = _in_order(rows)
    last = _is_last_of_step(rows)
    if not np.array_equal(rows["num_trades"][last], np.flatnonzero(last) + 1):
        raise EngineFailed(
            f"hftbacktest counts {int(rows['num_trades'][-1])} trades, {len(rows)} were seen",
            engine="hftbacktest",
        )
    fills = _fills(rows, events)
    fills["fee"] = _shared_fees(rows, fills, request.costs)
    signed = fills["side"] * fills["quantity"]
    # Between the fills of one step the library's account was not seen; it is made up for by
    # those fills, and stands again at the last of them.
    paid = _carried(rows["fee"], fills["fee"], last)
    spent = _carried(rows["balance"], -signed * fills["price"], last)
    return Ledger(
        fills=fills,
        cash=request.cash + spent - paid,
        quantity=_carried(rows["position"], signed, last),
    )


def keep_ledger(rows: NDArray[np.void], events: EventFiles, request: AnyRequest) -> Ledger:
    """Return fills of pieces, and the account that they make.

    Notes
    -----
    The library books an order when it is full, and then only its last piece: its
    account cannot be used.
    """
    rows = _in_order(rows)
    fills = _fills(rows, events)
    value = fills["price"] * fills["quantity"]
    fills["fee"] = _rates(rows, request.costs) * value
    return Ledger(
        fills=fills,
        cash=request.cash - np.cumsum(fills["side"] * value + fills["fee"]),
        quantity=np.cumsum(fills["side"] * fills["quantity"]),
    )


def read_execution(ledger: Ledger, market: Market, *, cash: float, span: Span) -> Execution:
    """Return the facts of the period, the account at each of its closes."""
    inside = ledger.fills["ts_ns"] < span.end_ns
    fills, bars = ledger.fills[inside], market.period
    closes_ns = bars.open_ns + bars.timeframe.nanoseconds
    done = np.searchsorted(fills["ts_ns"], closes_ns, side="left")
    cash_at = np.concatenate([[cash], ledger.cash[inside]])[done]
    held_at = np.concatenate([[0.0], ledger.quantity[inside]])[done]
    return Execution(
        fills=fills,
        equity=cash_at + held_at * bars.close,
        cash=float(cash_at[-1]),
        quantity=float(held_at[-1]),
        skipped_ns=np.zeros(0, np.int64),
    )


def _in_order(rows: NDArray[np.void]) -> NDArray[np.void]:
    # Orders that one event fills are listed by the library in an order of chance.
    side = rows["side"]
    ordered: NDArray[np.void] = rows[
        np.lexsort((side * rows["ticks"], side, rows["ts_ns"], rows["step"]))
    ]
    return ordered


def _is_last_of_step(rows: NDArray[np.void]) -> NDArray[np.bool_]:
    last: NDArray[np.bool_] = np.diff(rows["step"], append=-1) != 0
    return last


def _fills(rows: NDArray[np.void], events: EventFiles) -> Fills:
    numerator, denominator = events.tick.as_integer_ratio()
    fills = np.empty(len(rows), FILL_DTYPE)
    fills["ts_ns"] = rows["ts_ns"]
    fills["side"] = rows["side"]
    fills["price"] = rows["ticks"] * float(numerator) / float(denominator)
    fills["quantity"] = rows["quantity"]
    fills["liquidity"] = np.where(rows["maker"] != 0, Liquidity.MAKER, Liquidity.TAKER)
    fills["reason"] = FillReason.TARGET
    return fills


def _rates(rows: NDArray[np.void], costs: CostModel) -> Floats:
    rates: Floats = np.where(rows["maker"] != 0, costs.maker_fee_rate, costs.fee_rate)
    return rates


def _shared_fees(rows: NDArray[np.void], fills: Fills, costs: CostModel) -> Floats:
    """Share what the library charged in each step among the fills of that step."""
    if not len(rows):
        return np.zeros(0)
    last = _is_last_of_step(rows)
    step: NDArray[np.int64] = np.cumsum(last) - last
    charged = np.diff(rows["fee"][last], prepend=0.0)
    due = _rates(rows, costs) * fills["price"] * fills["quantity"]
    total = np.bincount(step, np.abs(due))
    # The library keeps a running sum, so that a difference carries the sum's rounding.
    noise = _SUM_NOISE * np.maximum.accumulate(np.abs(rows["fee"][last])) + _SAME_FEE * total
    is_due = np.abs(charged - np.bincount(step, due)) <= noise
    # Where nothing is owed nothing should be charged; what is must not get lost.
    weight = np.where(total[step] > 0, np.abs(due), 1.0)
    shared = charged[step] * weight / np.bincount(step, weight)[step]
    fees: Floats = np.where(is_due[step], due, shared)
    return fees


def _carried(told: Floats, change: Floats, last: NDArray[np.bool_]) -> Floats:
    """Return what was told at the last fill of each step, carried on by changes between."""
    if not len(told):
        return np.zeros(0)
    made, at = np.cumsum(change), np.arange(len(last))
    known = np.maximum.accumulate(np.where(last, at, -1))
    base = np.where(known >= 0, told[known] - made[known], 0.0)
    carried: Floats = base + made
    return carried
