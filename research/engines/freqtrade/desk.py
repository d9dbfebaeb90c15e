"""Where targets become orders inside Freqtrade's run, from what Freqtrade itself filled.

Money is Decimal and quantities are whole lots, so that an order is the one the rule asks
for to the last lot; prices, quantities and fees are those of Freqtrade's orders.
"""

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from math import isnan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars
from common.domain.costs import Rebalance, SizingMode
from research.engines.base import Task
from research.engines.exceptions import EngineFailed

_EXACT: Final = Context(prec=40)


def exact(number: float) -> Decimal:
    """Return a float as it is written: 0.1 is a tenth."""
    return Decimal(repr(float(number)))


@dataclass(slots=True)
class Desk:
    """One run's account and the order that is due at the open of the current bar.

    Parameters
    ----------
    task
        What is executed.
    row
        Current bar of the period; the one after the last is Freqtrade's closing bar.
    order
        Lots to buy (negative: to sell) at its open that are not filled yet.
    cash, lots
        The account after Freqtrade's last fill.
    funding
        What the open position has received since its last fill, not yet in `cash`.
    best
        Best close since the entry of the position, or its price.
    skipped
        Bars at which an order below the minimum notional would have filled.
    """

    task: Task
    row: int = 0
    order: int = 0
    lots: int = 0
    funding: float = 0.0
    best: float = 0.0
    skipped: list[int] = field(default_factory=list)
    cash: Decimal = field(init=False)
    _last: float = 0.0
    _stopped: bool = False
    _ruined: bool = False
    _bars: Bars = field(init=False)
    _targets: list[float] = field(init=False)
    _times: list[int] = field(init=False)
    _opens: list[float] = field(init=False)
    _closes: list[float] = field(init=False)
    _lot: Decimal = field(init=False)
    _minimum: Decimal = field(init=False)

    def __post_init__(self) -> None:
        bars, spec = self.task.market.period, self.task.market.instrument
        self._bars = bars
        self._targets = self.task.exposures.tolist()
        self._times = bars.open_ns.tolist()
        self._opens, self._closes = bars.open.tolist(), bars.close.tolist()
        self._lot = spec.lot
        self._minimum = spec.min_notional or Decimal(0)
        self.cash = exact(self.task.request.cash)

    @property
    def signals(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Closes after which a long and a short entry may be due, and that of the closing bar.

        Notes
        -----
        Freqtrade asks for an entry only where a signal stands; whether there is an order
        and how large it is, is decided at the open from the account.
        """
        targets = np.append(self.task.exposures, np.nan)
        return targets > 0, targets < 0

    @property
    def is_over(self) -> bool:
        """Whether all bars of the period are done."""
        return self.row >= len(self._times)

    @property
    def closes_all(self) -> bool:
        """Whether the order due ends the position, whatever it opens after that."""
        return self.order * self.lots < 0 and abs(self.order) >= abs(self.lots)

    @property
    def price(self) -> float:
        """Price of the order due: the open and slippage against it, in the quote currency."""
        return self.slipped(self._opens[self.row], side=1 if self.order > 0 else -1)

    def slipped(self, price: float, *, side: int) -> float:
        """Return a price after slippage against a buy (+1) or a sale (-1)."""
        with localcontext(_EXACT):
            return float(exact(price) * (1 + side * exact(self.task.request.costs.slippage)))

    def quantity_of(self, lots: int) -> float:
        """Return lots as a quantity, and half a lot more, which Freqtrade cuts off.

        Notes
        -----
        Freqtrade divides money by the price and cuts the quotient to the lot; without
        the half it would lose a lot to binary error now and then.
        """
        with localcontext(_EXACT):
            return float((abs(lots) + Decimal("0.5")) * self._lot)

    def open_bar(self, time_ns: int) -> bool:
        """Go on to the bar that is open at this time and decide; return whether it is another."""
        before = self.row
        while self.row + 1 < len(self._times) and self._times[self.row + 1] <= time_ns:
            self._next()
        if time_ns >= self._times[-1] + self._bars.timeframe.nanoseconds:
            self.row, self.order = len(self._times), 0
        return self.row > before and not self.is_over

    def cut_to_cash(self) -> None:
        """Reduce a buy to the most that cash pays at this open, funding due by then included."""
        if self.order > 0:
            self.order = max(min(self.order, self.payable(self._opens[self.row])), 0)

    def payable(self, price: float) -> int:
        """Return how many lots cash pays for at a price before slippage, fee included."""
        costs = self.task.request.costs
        with localcontext(_EXACT):
            each = exact(price) * (1 + exact(costs.slippage)) * (1 + exact(costs.fee_rate))
            cash = self.cash + exact(self.funding)
            return int((cash / each / self._lot).to_integral_value(ROUND_FLOOR))

    def filled(
        self, *, side: int, quantity: float, price: float, funding: float, by_target: bool
    ) -> None:
        """Book a fill that Freqtrade made, and the funding since the one before it.

        Raises
        ------
        EngineFailed
            If it is not the order that was due.
        """
        with localcontext(_EXACT):
            lots = int((exact(quantity) / self._lot).to_integral_value())
            if by_target:
                self._check_order(side * lots)
                self.order -= side * lots
            else:
                self.order, self._stopped = 0, True
            worth = exact(price) * lots * self._lot
            self.cash -= worth * (side + exact(self.task.request.costs.fee_rate))
            self.cash += exact(funding)
        self.funding = 0.0
        if self.lots == 0:
            self.best = price
        self.lots += side * lots

    def _check_order(self, lots: int) -> None:
        expected = -self.lots if self.closes_all else self.order
        if lots != expected and not self.is_over:
            raise EngineFailed(
                f"freqtrade filled {lots} lots of {self._lot} at bar {self.row},"
                f" {expected} were due",
                engine="freqtrade",
            )

    def _next(self) -> None:
        close = self._closes[self.row]
        if self.lots:
            self.best = max(self.best, close) if self.lots > 0 else min(self.best, close)
        with localcontext(_EXACT):
            self.order = self._decide(close)
        self.row += 1

    def _decide(self, price: float) -> int:
        """Return the lots that the target at this close asks for."""
        close = exact(price)
        worth = self.cash + exact(self.funding) + self.lots * self._lot * close
        # A ruined account ends there; what is reported of later bars is cut.
        self._ruined |= worth <= 0
        target = self._targets[self.row]
        if isnan(target) or self._ruined:
            return 0
        changed, self._last = target != self._last, target
        # After a stop even an order at every bar waits for another target.
        self._stopped &= not changed
        every_bar = self.task.request.rebalance is Rebalance.EVERY_BAR
        if not changed and (self._stopped or not every_bar):
            return 0
        wanted = self._wanted(exact(target), worth, close) / self._lot
        # int() rounds toward zero, which is the rule for orders of either sign.
        due = int(wanted - self.lots)
        if due and target != 0 and abs(due) * self._lot * close < self._minimum:
            self.skipped.append(self.row + 1)
            return 0
        return due

    def _wanted(self, target: Decimal, worth: Decimal, close: Decimal) -> Decimal:
        sizing = self.task.request.sizing
        if sizing.value is None:
            return target * worth / close
        wanted = target * exact(sizing.value)
        return wanted / close if sizing.mode is SizingMode.FIXED_NOTIONAL else wanted
