"""The funding of a perpetual: when it is due, at what mark, and what a position owes."""

from dataclasses import replace

import numpy as np

from common.domain.bars import Bars
from common.domain.fills import Fills
from common.domain.funding import FUNDING_DTYPE, FundingEntries, FundingRates
from research.domain.backtest import Market


def with_due_funding(market: Market) -> Market:
    """Return the market with the rates of its period alone, each with a mark.

    Notes
    -----
    Where the venue's mark is not stored, the open of the latest stored bar that opened
    at or before the funding time stands for it.
    """
    if market.funding is None:
        return market
    return replace(market, funding=due_rates(market.funding, market.period))


def due_rates(rates: FundingRates, bars: Bars) -> FundingRates:
    """Return the rates at times inside the bars, with marks filled from their opens."""
    end_ns = bars.open_ns[-1] + bars.timeframe.nanoseconds
    due = (rates.ts_ns >= bars.open_ns[0]) & (rates.ts_ns < end_ns)
    times, marks = rates.ts_ns[due], rates.mark[due]
    row = np.searchsorted(bars.open_ns, times, side="right") - 1
    return FundingRates(times, rates.rate[due], np.where(np.isnan(marks), bars.open[row], marks))


def owed(fills: Fills, rates: FundingRates, *, lot: float) -> FundingEntries:
    """Return what the position that fills make owes, no entry where there is none.

    Parameters
    ----------
    fills
        In time order.
    rates
        Each with a mark.
    lot
        Less than half of it is no position.

    Notes
    -----
    amount = -quantity * mark * rate, where quantity is the sum of the fills strictly
    before the funding time.
    """
    held = np.cumsum(np.concatenate([[0.0], fills["side"] * fills["quantity"]]))
    quantity = held[np.searchsorted(fills["ts_ns"], rates.ts_ns, side="left")]
    has_position = np.abs(quantity) >= lot / 2
    entries = np.empty(int(np.count_nonzero(has_position)), FUNDING_DTYPE)
    entries["ts_ns"] = rates.ts_ns[has_position]
    entries["rate"] = rates.rate[has_position]
    entries["mark"] = rates.mark[has_position]
    entries["quantity"] = quantity[has_position]
    entries["amount"] = -entries["quantity"] * entries["mark"] * entries["rate"]
    return entries
