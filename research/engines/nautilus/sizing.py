"""How large an order is, in exact arithmetic; no framework."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from typing import Final

from common.domain.costs import SizingMode
from common.domain.instruments import InstrumentSpec
from research.domain.backtest import BacktestRequest

# Digits enough for every product of two numbers of the engine's own 16 decimals.
_EXACT: Final = Context(prec=60)


def exact(number: float) -> Decimal:
    """Return a number as it is written."""
    return Decimal(repr(float(number)))


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account holds: cash in the quote currency, and a signed number of lots."""

    cash: Decimal
    lots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizer:
    """The canonical size of an order, from what the engine's account holds.

    Parameters
    ----------
    lot
        Smallest quantity, base currency.
    min_notional
        Least notional of an order that does not close, quote currency; 0 where none.
    mode, value
        What a target of 1 means; the value is 1 where it means all of equity.
    fee_rate
        Fee of a buy, a fraction of the notional.
    """

    lot: Decimal
    min_notional: Decimal
    mode: SizingMode
    value: Decimal
    fee_rate: Decimal

    @classmethod
    def of(cls, request: BacktestRequest, instrument: InstrumentSpec, lot: Decimal) -> "Sizer":
        """Return the sizer of a request."""
        sizing = request.sizing
        return cls(
            lot=lot,
            min_notional=instrument.min_notional or Decimal(0),
            mode=sizing.mode,
            value=exact(1.0 if sizing.value is None else sizing.value),
            fee_rate=exact(request.costs.fee_rate),
        )

    def order_lots(self, target: float, close: float, holding: Holding) -> int:
        """Return the signed lots that reach a target, rounded toward zero."""
        with localcontext(_EXACT):
            price = exact(close)
            wanted = exact(target) * self.value
            if self.mode is SizingMode.EQUITY_FRACTION:
                wanted *= holding.cash + holding.lots * self.lot * price
            if self.mode is not SizingMode.FIXED_QUANTITY:
                wanted /= price
            # int() rounds toward zero, which is the rule for orders of either sign.
            return int(wanted / self.lot - holding.lots)

    def is_too_small(self, lots: int, close: float) -> bool:
        """Return whether an order's notional is below the minimum."""
        return abs(lots) * self.lot * exact(close) < self.min_notional

    def payable_lots(self, cash: Decimal, price: Decimal) -> int:
        """Return how many lots cash pays at a price, fee included; 0 without cash."""
        with localcontext(_EXACT):
            lots = cash / (price * (1 + self.fee_rate)) / self.lot
            return max(0, int(lots.to_integral_value(ROUND_FLOOR)))
