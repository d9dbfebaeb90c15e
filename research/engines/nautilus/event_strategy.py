"""The strategy that NautilusTrader runs on recorded events: orders at the close of bars."""

from typing import Any, Final, override

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.trading.strategy import Strategy

from research.engines.nautilus.facts import read_holding
from research.engines.nautilus.plan import Plan
from research.engines.nautilus.records import Records
from research.engines.nautilus.sizing import exact
from research.engines.nautilus.venue import Traded
from research.engines.nautilus.watch import WatchModule

_ALERT: Final = "look again"


class TakingStrategy(Strategy):
    """Takes what stands in the book at once, as far as cash pays and the book reaches.

    Notes
    -----
    An order is a limit order, immediate or cancelled, at the worst price its cash pays.
    What it leaves is ordered again after the interval, from the book as it is then. A
    decision made while an order is under way waits for its end.
    """

    def __init__(
        self, plan: Plan, *, watch: WatchModule, records: Records, interval_ns: int
    ) -> None:
        super().__init__(
            StrategyConfig(strategy_id="TARGETS", order_id_tag="000", log_events=False)
        )
        self.plan = plan
        self.traded: Traded = watch.traded
        self.watch = watch
        self.records = records
        self.interval_ns = interval_ns
        self.row = -1
        self.decided_row: int | None = None
        self.todo = 0
        self.working: Any = None

    @override
    def on_start(self) -> None:
        self.subscribe_bars(self.traded.bar_type)

    @override
    def on_bar(self, bar: Any) -> None:
        self.row += 1
        # What the last close decides would happen after the period.
        if self.plan.decided[self.row] and self.row + 1 < len(self.plan.decided):
            self.decided_row = self.row
            self._act()

    @override
    def on_order_filled(self, event: Any) -> None:
        lots = self.traded.lots(event.last_qty.as_decimal())
        self.todo -= lots if event.order_side == OrderSide.BUY else -lots
        self._forget_closed()

    @override
    def on_order_canceled(self, event: Any) -> None:
        self._forget_closed()

    @override
    def on_order_expired(self, event: Any) -> None:
        self._forget_closed()

    @override
    def on_order_rejected(self, event: Any) -> None:
        if not event.due_post_only:
            self.records.refused.append(str(event.reason))
        self._forget_closed()

    @override
    def on_order_denied(self, event: Any) -> None:
        self.records.refused.append(str(event.reason))

    def _forget_closed(self) -> None:
        if self.working is None or not self.working.is_closed:
            return
        self.working = None
        if self.decided_row is not None:
            self._act()
        elif self.todo:
            self._look_again()

    def _look_again(self) -> None:
        if _ALERT not in self.clock.timer_names:
            at_ns = self.clock.timestamp_ns() + self.interval_ns
            self.clock.set_time_alert_ns(_ALERT, at_ns, self._on_alert)

    def _on_alert(self, _event: Any) -> None:
        # Set before anything else: an alert that is set while the venue settles what this
        # one does would come late, after what happened in between.
        if self.todo:
            self._look_again()
        self._act()

    def _act(self) -> None:
        if self.working is not None:
            self._follow_up()
            return
        if self.decided_row is not None:
            self.todo, self.decided_row = self._size(self.decided_row), None
        if self.todo and not self._order():
            self._look_again()

    def _follow_up(self) -> None:
        """Leave an order that takes alone: it is over when it arrives."""

    def _size(self, row: int) -> int:
        close, target, sizer = self.plan.closes[row], self.plan.targets[row], self.plan.sizer
        holding = read_holding(self.cache, self.traded)
        if holding.cash + holding.lots * sizer.lot * exact(close) <= 0:
            return 0
        lots = sizer.order_lots(target, close, holding)
        if lots and target and sizer.is_too_small(lots, close):
            self.records.skipped.append(row)
            return 0
        return lots

    def _order(self) -> bool:
        """Send what is to do; return whether there was a book and cash for it."""
        book = self.watch.exchange.get_book(self.traded.id)
        if self.todo < 0:
            if book.best_bid_price() is None:
                return False
            self._submit(self.todo, self.traded.instrument.price_increment)
            return True
        ask = book.best_ask_price()
        if ask is None:
            return False
        return self._buy(ask)

    def _buy(self, ask: Any) -> bool:
        sizer, cash = self.plan.sizer, read_holding(self.cache, self.traded).cash
        self.todo = min(self.todo, sizer.payable_lots(cash, ask.as_decimal()))
        if not self.todo:
            return True
        tick = self.traded.scale.price_step
        highest = cash / (self.todo * sizer.lot * (1 + sizer.fee_rate))
        limit = max(highest // tick * tick, ask.as_decimal())
        self._submit(self.todo, self.traded.instrument.make_price(limit))
        return True

    def _submit(self, lots: int, price: Any) -> None:
        self.working = self.order_factory.limit(
            self.traded.id,
            OrderSide.BUY if lots > 0 else OrderSide.SELL,
            self.traded.quantity(abs(lots)),
            price,
            TimeInForce.IOC,
        )
        self.submit_order(self.working)


class RestingStrategy(TakingStrategy):
    """Rests an order at the best price of its own side, and moves it when that moves."""

    @override
    def _follow_up(self) -> None:
        order = self.working
        if not order.is_open or order.is_pending_cancel:
            self._look_again()
        elif self.decided_row is not None or order.price != self._best(order.side):
            self.cancel_order(order)
        else:
            self._look_again()

    @override
    def _order(self) -> bool:
        side = OrderSide.BUY if self.todo > 0 else OrderSide.SELL
        price = self._best(side)
        if price is None:
            return False
        if self.todo > 0:
            cash = read_holding(self.cache, self.traded).cash
            payable = self.plan.sizer.payable_lots(cash, price.as_decimal())
            self.todo = min(self.todo, payable)
        if self.todo:
            self.working = self.order_factory.limit(
                self.traded.id,
                side,
                self.traded.quantity(abs(self.todo)),
                price,
                TimeInForce.GTC,
                post_only=True,
            )
            self.submit_order(self.working)
            self._look_again()
        return True

    def _best(self, side: OrderSide) -> Any:
        book = self.watch.exchange.get_book(self.traded.id)
        return book.best_bid_price() if side == OrderSide.BUY else book.best_ask_price()
