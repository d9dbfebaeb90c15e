"""NautilusTrader's own events and account in the platform's words."""

from decimal import Decimal
from typing import Any

from nautilus_trader.model.enums import LiquiditySide, OrderSide

from common.domain.enums import FillReason, Liquidity
from research.engines.nautilus.records import FillRow
from research.engines.nautilus.sizing import Holding, exact
from research.engines.nautilus.venue import Traded


def fill_row(event: Any, reason: FillReason) -> FillRow:
    """Return an OrderFilled event as a row of FILL_DTYPE."""
    maker = event.liquidity_side == LiquiditySide.MAKER
    return (
        event.ts_event,
        1 if event.order_side == OrderSide.BUY else -1,
        float(event.last_px.as_decimal()),
        float(event.last_qty.as_decimal()),
        float(event.commission.as_decimal()),
        Liquidity.MAKER if maker else Liquidity.TAKER,
        reason,
    )


def read_holding(cache: Any, traded: Traded) -> Holding:
    """Return cash and position of the engine's account.

    Notes
    -----
    An account of margin keeps the position beside its balance: what it holds in cash is
    the balance less what the position cost.
    """
    account = cache.account_for_venue(traded.id.venue)
    cash: Decimal = account.balance_total(traded.quote).as_decimal()
    lots = 0
    for position in cache.positions_open(None, traded.id):
        signed = position.signed_decimal_qty()
        lots += traded.lots(signed)
        if account.is_margin_account:
            cash -= signed * exact(position.avg_px_open)
    return Holding(cash, lots)
