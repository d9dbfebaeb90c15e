"""vectorbt's records as the platform's facts."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.domain.enums import Liquidity
from common.domain.fills import FILL_DTYPE
from research.domain.backtest import Execution
from research.engines.vectorbt.inputs import SIZE_TOLERANCE, Inputs, LotScale
from research.engines.vectorbt.runner import Records

# Relative to cash and cost: what floats round off a difference of both.
_NOISE: Final = 1e-14
_LEAST: Final = 1e-300  # equity that has come to nothing, so that it divides


def read_execution(*, records: Records, inputs: Inputs, bars: Bars, scale: LotScale) -> Execution:
    """Return fills, and the account as vectorbt itself kept it."""
    filled = records.is_filled
    row = records.row[filled]
    fills = np.empty(len(row), FILL_DTYPE)
    fills["ts_ns"] = bars.open_ns[inputs.bar[row]]
    fills["side"] = records.side[filled]
    fills["price"] = records.price[filled]
    fills["quantity"] = scale.from_lots(records.size[filled])
    fills["fee"] = scale.from_lots(records.fee[filled])
    fills["liquidity"] = Liquidity.TAKER
    fills["reason"] = inputs.reason[row]

    # Less than a lot is no order at all, so there is nothing to skip.
    skipped = ~filled & _is_too_small(records, inputs) & (_asked(records, inputs) >= 1)
    done = np.searchsorted(inputs.bar[row], np.arange(len(bars)), side="right")
    cash = np.concatenate([[inputs.init_cash], records.cash_after[filled]])[done]
    position = np.concatenate([[0.0], records.position_after[filled]])[done]
    return Execution(
        fills=fills,
        equity=scale.from_lots(cash + position * bars.close),
        cash=float(scale.from_lots(cash)[-1]),
        quantity=float(scale.from_lots(position)[-1]),
        skipped_ns=bars.open_ns[inputs.bar[records.row[skipped]]],
    )


def first_cut_below_minimum(records: Records, inputs: Inputs) -> int | None:
    """Return the first row whose order was large enough until cash cut it, or None.

    Notes
    -----
    The rule tests the minimum before an order is cut to the cash there is, vectorbt
    after. The size before the cut is recomputed from the log alone.
    """
    cut = records.is_below_minimum & ~_is_too_small(records, inputs)
    return int(records.row[np.argmax(cut)]) if cut.any() else None


def cash_lost(records: Records) -> Floats:
    """Return by how much each order's cash after it is too little, by its own fill.

    Returns
    -------
    ndarray of float64, shape (n_orders,)
        Money by the lot; negative where vectorbt spent more than there was; 0 where
        nothing was filled or only rounding differs.

    Notes
    -----
    vectorbt sets cash to zero when less than 1e-9 of it is left after a buy, and takes
    a cost that is 1e-9 above the cash for payable.
    """
    lost = np.where(records.is_filled, _left(records) - records.cash_after, 0.0)
    noise = _NOISE * (np.abs(records.cash_before) + np.abs(records.cash_after))
    found: Floats = np.where(np.abs(lost) > noise, lost, 0.0)
    return found


def share_lost(records: Records) -> float:
    """Return the most that was lost until some order, relative to the equity there."""
    lost = np.abs(np.cumsum(cash_lost(records)))
    return float(np.max(lost / np.maximum(np.abs(records.value), _LEAST), initial=0.0))


def leaves_less(records: Records, share: float) -> NDArray[np.bool_]:
    """Return which orders are buys that leave less than this share of the cash."""
    bought = records.is_filled & (records.side > 0)
    spent: NDArray[np.bool_] = bought & (_left(records) < share * records.cash_before)
    return spent


def _left(records: Records) -> Floats:
    cost = records.side * records.size * records.price + records.fee
    left: Floats = records.cash_before - cost
    return left


def _is_too_small(records: Records, inputs: Inputs) -> NDArray[np.bool_]:
    least = inputs.min_size[records.row] * (1 - SIZE_TOLERANCE)
    small: NDArray[np.bool_] = _asked(records, inputs) < least
    return small


def _asked(records: Records, inputs: Inputs) -> Floats:
    """Lots that each order asked for before anything cut it, by the log alone."""
    unit = {
        "targetpercent": records.value / records.val_price,
        "targetvalue": 1.0 / records.val_price,
        "targetamount": np.ones_like(records.value),
    }[inputs.size_type]
    lots: Floats = np.floor(np.abs(records.requested * unit - records.position))
    return lots
