"""What NautilusTrader's own events and account say during a run; no framework."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from common.domain.bars import Bars
from common.domain.fills import FILL_DTYPE
from common.domain.funding import FUNDING_DTYPE
from research.domain.backtest import Execution
from research.engines.exceptions import EngineFailed
from research.engines.nautilus.sizing import Holding

type FillRow = tuple[int, int, float, float, float, int, int]
type FundingRow = tuple[int, float, float, float, float]


@dataclass(slots=True)
class Records:
    """Facts in the order they happened.

    Parameters
    ----------
    fills, funding
        Rows of FILL_DTYPE and FUNDING_DTYPE.
    accounts
        Bar at whose close the engine's account was read, and what it held: only where it
        may have changed since the bar before.
    skipped
        Bars at whose close an order below the minimum notional was left out.
    refused
        Orders the engine denied, rejected or expired, with its reason.
    bars
        Closed bars that the strategy has seen.
    """

    fills: list[FillRow] = field(default_factory=list)
    funding: list[FundingRow] = field(default_factory=list)
    accounts: list[tuple[int, Holding]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    bars: int = 0

    def check_complete(self, bars: Bars) -> None:
        """Refuse a run that ended early or that lost an order.

        Raises
        ------
        EngineFailed
            If a bar was not seen: the engine ends a run without an error when its
            account is overdrawn. If an order was refused.
        """
        if self.refused:
            raise EngineFailed(f"nautilus refused an order: {self.refused[0]}", engine="nautilus")
        if self.bars != len(bars):
            raise EngineFailed(
                f"nautilus stopped after {self.bars} of {len(bars)} bars", engine="nautilus"
            )

    def execution(self, bars: Bars, lot: Decimal, cash: float) -> Execution:
        """Return the facts, with the engine's account marked at each close."""
        rows = np.array([row for row, _ in self.accounts], np.int64)
        read = np.searchsorted(rows, np.arange(len(bars)), side="right")
        holdings = [holding for _, holding in self.accounts]
        money = np.array([cash, *(float(held.cash) for held in holdings)])[read]
        held = np.array([0.0, *(float(held.lots * lot) for held in holdings)])[read]
        # An order that would have filled after the last bar was not left out.
        skipped = [row + 1 for row in self.skipped if row + 1 < len(bars)]
        return Execution(
            fills=np.array(self.fills, FILL_DTYPE),
            equity=money + held * bars.close,
            cash=float(money[-1]),
            quantity=float(held[-1]),
            skipped_ns=bars.open_ns[np.array(skipped, np.int64)],
            funding=np.array(self.funding, FUNDING_DTYPE),
        )
