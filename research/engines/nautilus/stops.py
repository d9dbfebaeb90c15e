"""Stops as orders that rest at NautilusTrader's venue, matched on the range of each bar."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, override

from nautilus_trader.backtest.models import FillModel
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder
from nautilus_trader.model.enums import BookType, OrderSide, OrderType

from common.domain.enums import FillReason
from research.engines.nautilus.facts import read_holding
from research.engines.nautilus.inputs import MOST_PRICE, MOST_QUANTITY
from research.engines.nautilus.levels import RoundTrip
from research.engines.nautilus.plan import Plan
from research.engines.nautilus.records import Records
from research.engines.nautilus.sizing import exact
from research.engines.nautilus.strategy import TargetStrategy
from research.engines.nautilus.venue import Traded
from trading.strategies.base import StopSpec


class LevelFillModel(FillModel):
    """Fills a stop at its level where the bar moved through it, else at the market.

    Notes
    -----
    A venue of quotes fills a triggered order at the quote that triggered it; here that
    would be the bar's extreme.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opening: Any = None

    @override
    def get_orderbook_for_fill_simulation(
        self, instrument: Any, order: Any, best_bid: Any, best_ask: Any
    ) -> OrderBook | None:
        """Return a book with one level where the order was triggered inside the bar."""
        if self.opening is None or order.order_type == OrderType.MARKET:
            return None
        buys = order.side == OrderSide.BUY
        if (best_ask if buys else best_bid) == (
            self.opening.ask_price if buys else self.opening.bid_price
        ):
            return None  # Already beyond its level at the open.
        book = OrderBook(instrument.id, BookType.L2_MBP)
        size = instrument.make_qty(MOST_QUANTITY)
        side = OrderSide.SELL if buys else OrderSide.BUY
        book.add(BookOrder(side, order.trigger_price, size, 1), 0)
        return book


class StoppingStrategy(TargetStrategy):
    """Keeps a stop order and a profit order at the venue while a position is open.

    Notes
    -----
    A stop order is cancelled at the close that decides a target order, so that at the
    next open the target goes first; what it leaves is covered anew at that open.
    """

    def __init__(self, plan: Plan, traded: Traded, records: Records) -> None:
        super().__init__(plan, traded, records)
        self.fill_model = LevelFillModel()
        self.spec = plan.stops or StopSpec()
        self.trip: RoundTrip | None = None
        self.stop_order: Any = None
        self.aim_order: Any = None
        self.size: Any = None
        self.last = 0.0
        self.is_waiting = False

    @override
    def on_bar(self, bar: Any) -> None:
        self.fill_model.opening = None
        super().on_bar(bar)
        if self.trip is None:
            return
        self.trip.mark(self.plan.closes[self.row])
        if self.due:
            self._withdraw()
        elif self.stop_order is not None:
            self._move_stop(self.trip)

    @override
    def on_quote_tick(self, tick: Any) -> None:
        if self.fill_model.opening is not None:
            return  # Of the bar's range: the venue has matched its orders on it already.
        self.fill_model.opening = tick
        if self.due and not self._send_due(tick) and self.trip is not None:
            self._cover(self.trip)

    @override
    def on_order_filled(self, event: Any) -> None:
        super().on_order_filled(event)
        if self.records.fills[-1][-1] != FillReason.TARGET:
            self.is_waiting = True

    @override
    def on_position_opened(self, event: Any) -> None:
        side = 1 if event.entry == OrderSide.BUY else -1
        entry = exact(event.avg_px_open)
        self.trip = RoundTrip(side=side, average=entry, best=entry)
        self.size = event.quantity
        self._cover(self.trip)

    @override
    def on_position_changed(self, event: Any) -> None:
        if self.trip is None:
            return
        self.trip.average = exact(event.avg_px_open)
        self.size = event.quantity
        self._cover(self.trip)

    @override
    def on_position_closed(self, event: Any) -> None:
        self.trip = None
        self._withdraw()

    @override
    def _decide(self) -> None:
        target = self.plan.targets[self.row]
        changed, self.last = target != self.last, target
        # After a stop even an order at every bar waits for another target.
        self.is_waiting &= not changed
        if not self.is_waiting:
            super()._decide()

    @override
    def on_order_accepted(self, event: Any) -> None:
        # Not before: a stop order that fills at once leaves nothing to take a profit of.
        if self.trip is not None and self.stop_order is not None and self.aim_order is None:
            self._aim(self.trip)

    def _cover(self, trip: RoundTrip) -> None:
        self._withdraw()
        found = trip.stop(self.spec)
        if found is None:
            self._aim(trip)
            return
        make = self.order_factory.stop_market
        self.stop_order = self._rest(make, self._trigger(found[0], trip), found[1])

    def _aim(self, trip: RoundTrip) -> None:
        level = trip.aim(self.spec)
        if level is not None and level < MOST_PRICE:
            make = self.order_factory.market_if_touched
            trigger = self._trigger(level, trip)
            self.aim_order = self._rest(make, trigger, FillReason.TAKE_PROFIT)

    def _rest(self, make: Callable[..., Any], trigger: Any, reason: FillReason) -> Any:
        lots = self.traded.lots(self.size.as_decimal())
        buys = self.trip is not None and self.trip.side < 0
        if buys:
            cash = read_holding(self.cache, self.traded).cash
            lots = min(lots, self.plan.sizer.payable_lots(cash, trigger.as_decimal()))
        if not lots:
            return None
        order = make(
            self.traded.id,
            OrderSide.BUY if buys else OrderSide.SELL,
            self.traded.quantity(lots),
            trigger,
            reduce_only=True,
            client_order_id=self._next_id(reason),
        )
        self.submit_order(order)
        return order

    def _move_stop(self, trip: RoundTrip) -> None:
        found = trip.stop(self.spec)
        if found is None:
            return
        trigger = self._trigger(found[0], trip)
        if trigger != self.stop_order.trigger_price:
            self.modify_order(self.stop_order, trigger_price=trigger)
            self.reasons[self.stop_order.client_order_id.value] = found[1]

    def _trigger(self, level: Decimal, trip: RoundTrip) -> Any:
        # Slippage is the spread of the quotes: what they must reach lies as far from the level.
        return self.traded.price(float(level) * (1 - trip.side * self.plan.slippage))

    def _withdraw(self) -> None:
        for order in (self.stop_order, self.aim_order):
            if order is not None and not order.is_closed:
                self.cancel_order(order)
        self.stop_order = self.aim_order = None
