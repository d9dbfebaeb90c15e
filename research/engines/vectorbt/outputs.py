"""vectorbt's records as the platform's facts."""

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.domain.enums import FillReason, Liquidity
from common.domain.fills import FILL_DTYPE
from research.domain.backtest import Execution
from research.engines.vectorbt.inputs import SIZE_TOLERANCE, Inputs, LotScale
from research.engines.vectorbt.runner import Records


def read_execution(*, records: Records, inputs: Inputs, bars: Bars, scale: LotScale) -> Execution:
    """Return fills, and the account as vectorbt itself kept it."""
    filled = records.is_filled
    row = records.row[filled]
    fills = np.empty(len(row), FILL_DTYPE)
    fills["ts_ns"] = bars.open_ns[row]
    fills["side"] = records.side[filled]
    fills["price"] = records.price[filled]
    fills["quantity"] = scale.from_lots(records.size[filled])
    fills["fee"] = scale.from_lots(records.fee[filled])
    fills["liquidity"] = Liquidity.TAKER
    fills["reason"] = FillReason.TARGET

    # Less than a lot is no order at all, so there is nothing to skip.
    skipped = ~filled & _is_too_small(records, inputs) & (_asked(records, inputs) >= 1)
    done = np.searchsorted(row, np.arange(len(bars)), side="right")
    cash = np.concatenate([[inputs.init_cash], records.cash_after[filled]])[done]
    position = np.concatenate([[0.0], records.position_after[filled]])[done]
    return Execution(
        fills=fills,
        equity=scale.from_lots(cash + position * bars.close),
        cash=float(scale.from_lots(cash)[-1]),
        quantity=float(scale.from_lots(position)[-1]),
        skipped_ns=bars.open_ns[records.row[skipped]],
    )


def first_cut_below_minimum(records: Records, inputs: Inputs) -> int | None:
    """Return the first bar whose order was large enough until cash cut it, or None.

    Notes
    -----
    The rule tests the minimum before an order is cut to the cash there is, vectorbt
    after. The size before the cut is recomputed from the log alone.
    """
    cut = records.is_below_minimum & ~_is_too_small(records, inputs)
    return int(records.row[np.argmax(cut)]) if cut.any() else None


def lost_cash(records: Records, inputs: Inputs) -> float:
    """Return how far vectorbt's cash has come from its fills, relative to its equity.

    Notes
    -----
    vectorbt sets cash to zero when less than 1e-9 of it is left after a buy. Where a
    lot is worth about as little as that, each buy with all cash loses up to a lot.
    """
    filled = records.is_filled
    if not filled.any():
        return 0.0
    side, size, price = records.side[filled], records.size[filled], records.price[filled]
    made = inputs.init_cash + np.cumsum(-side * size * price - records.fee[filled])
    kept: Floats = records.cash_after[filled]
    worth = np.abs(kept) + np.abs(records.position_after[filled] * price)
    return float(np.max(np.abs(kept - made) / np.maximum(worth, inputs.init_cash * 1e-12)))


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
