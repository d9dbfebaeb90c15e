"""The strategy that NautilusTrader runs: targets at closes, market orders at opens."""

from decimal import Decimal
from typing import Any, Final, override

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.objects import Money, Price
from nautilus_trader.trading.strategy import Strategy

from common.domain.enums import FillReason
from research.engines.nautilus.facts import fill_row, read_holding
from research.engines.nautilus.plan import Plan
from research.engines.nautilus.records import Records
from research.engines.nautilus.sizing import Holding, exact
from research.engines.nautilus.venue import Traded

# The engine keeps every closed order, position and account state. Its work per event grows
# with them unless they are cleared away.
_PURGE_AFTER: Final = 50  # fills


class TargetStrategy(Strategy):
    """Sizes an order at each close whose target makes one, and sends it at the next open.

    Notes
    -----
    Cash and position are those of the engine's account; they are read at the first close
    after something has changed them.
    """

    def __init__(self, plan: Plan, traded: Traded, records: Records) -> None:
        super().__init__(
            StrategyConfig(strategy_id="TARGETS", order_id_tag="000", log_events=False)
        )
        self.plan = plan
        self.traded = traded
        self.records = records
        self.holding = Holding(exact(plan.cash), 0)
        self.is_stale = False
        self.is_over = False
        self.due = 0
        self.row = -1
        self.sent = 0
        self.filled = 0
        self.reasons: dict[str, FillReason] = {}

    @override
    def on_start(self) -> None:
        self.subscribe_bars(self.traded.bar_type)
        self.subscribe_quote_ticks(self.traded.id)

    @override
    def on_bar(self, bar: Any) -> None:
        self.row += 1
        if self.is_stale:
            self._read_account()
        if self.plan.decided[self.row]:
            self._decide()

    @override
    def on_quote_tick(self, tick: Any) -> None:
        if self.due:
            self._send_due(tick)

    @override
    def on_order_filled(self, event: Any) -> None:
        reason = self.reasons[event.client_order_id.value]
        self.records.fills.append(fill_row(event, reason))
        self.is_stale = True

    @override
    def on_order_denied(self, event: Any) -> None:
        self.records.refused.append(str(event.reason))

    @override
    def on_order_rejected(self, event: Any) -> None:
        self.records.refused.append(str(event.reason))

    def note_change(self) -> None:
        """Read the account at the next close, since something has changed it."""
        self.is_stale = True

    def _read_account(self) -> None:
        self.is_stale = False
        self.holding = read_holding(self.cache, self.traded)
        self.records.accounts.append((self.row, self.holding))
        if len(self.records.fills) >= self.filled + _PURGE_AFTER:
            self.filled = len(self.records.fills)
            self._purge()

    def _purge(self) -> None:
        now = self.clock.timestamp_ns()
        self.cache.purge_closed_orders(now)
        self.cache.purge_closed_positions(now)
        self.cache.purge_account_events(now)
        self.reasons = {
            name: reason
            for name, reason in self.reasons.items()
            if self.cache.order(ClientOrderId(name)) is not None
        }

    def _decide(self) -> None:
        close, target = self.plan.closes[self.row], self.plan.targets[self.row]
        sizer, holding = self.plan.sizer, self.holding
        if self.is_over:
            return
        if holding.cash + holding.lots * sizer.lot * exact(close) <= 0:
            self.is_over = True
            return
        self.due = sizer.order_lots(target, close, holding)
        if self.due and target and sizer.is_too_small(self.due, close):
            self.due = 0
            self.records.skipped.append(self.row)

    def _send_due(self, tick: Any) -> bool:
        lots, self.due = self.due, 0
        if lots > 0:
            lots = min(lots, self._payable(tick.ask_price))
        if lots:
            self._submit_market(lots, FillReason.TARGET)
        return bool(lots)

    def _payable(self, price: Price) -> int:
        # Funding may have been booked since the close.
        held = read_holding(self.cache, self.traded) if self.is_stale else self.holding
        lots = self.plan.sizer.payable_lots(held.cash, price.as_decimal())
        # The engine multiplies in floats: what it will ask for may be 1e-16 of it more.
        while lots and self._cost(lots, price) > held.cash:
            lots -= 1
        return lots

    def _cost(self, lots: int, price: Price) -> Decimal:
        instrument = self.traded.instrument
        quantity = self.traded.quantity(lots)
        notional: Decimal = instrument.notional_value(quantity, price).as_decimal()
        fee: Decimal = Money(notional * instrument.taker_fee, self.traded.quote).as_decimal()
        return notional + fee

    def _submit_market(self, lots: int, reason: FillReason) -> None:
        order = self.order_factory.market(
            self.traded.id,
            OrderSide.BUY if lots > 0 else OrderSide.SELL,
            self.traded.quantity(abs(lots)),
            TimeInForce.GTC,
            client_order_id=self._next_id(reason),
        )
        self.submit_order(order)

    def _next_id(self, reason: FillReason) -> ClientOrderId:
        self.sent += 1
        self.reasons[str(self.sent)] = reason
        return ClientOrderId(str(self.sent))
