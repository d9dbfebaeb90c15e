"""Freqtrade's backtester, taught the prices of the rule and stored bars with gaps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, override

from freqtrade.enums import ExitCheckTuple, ExitType
from freqtrade.exchange.exchange import TICK_SIZE
from freqtrade.optimize.backtesting import HIGH_IDX, LOW_IDX, OPEN_IDX
from freqtrade.persistence import LocalTrade, Order

from research.engines.freqtrade.backtester import QuietBacktesting
from research.engines.freqtrade.desk import Desk
from research.engines.freqtrade.shell import TARGET, Shell
from research.engines.freqtrade.venue import OfflineVenue

_AT_STOP: Final = (ExitType.STOP_LOSS, ExitType.TRAILING_STOP_LOSS)
_BESIDE_TARGETS: Final = (*_AT_STOP, ExitType.ROI)
_INSTANT: Final = timedelta(microseconds=1)


class Simulation(QuietBacktesting):
    """Freqtrade's backtester with a desk that decides, at the platform's prices.

    Notes
    -----
    Freqtrade finds entries, adjustments, stops and exits, keeps trades and orders, locks
    entries and books funding. Replaced are prices: slippage, none of which it knows, and
    exits at an open beyond a level, where Freqtrade would still fill at the level.
    """

    strategy: Shell

    def __init__(
        self,
        config: dict[str, Any],
        venue: OfflineVenue,
        *,
        desk: Desk,
        report: Callable[[int], None],
    ) -> None:
        super().__init__(config, venue, report=report)
        self.desk = desk
        self.strategylist[0].desk = desk
        # Freqtrade's wallet is larger than the account; its protections measure against this.
        self.starting_balance = desk.task.request.cash

    @override
    def load_bt_data(self) -> Any:
        """Load what is stored; Freqtrade's own loader invents flat bars where some are missing."""
        data = self._load(self.timeframe, self.config["candle_type_def"])
        self.available_pairs = [*data]
        self._load_bt_data_detail()
        return data, self.timerange

    @override
    def backtest_loop(self, row: Any, pair: str, current_time: datetime, *rest: Any) -> Any:
        held = LocalTrade.bt_trades_open_pp[pair]
        for trade in held:
            # What was funded before this open belongs to the equity that sizes its order,
            # what is due at the open itself to the cash that pays for it.
            self._run_funding_fees(trade, current_time - _INSTANT)
        if self.desk.open_bar(int(current_time.timestamp()) * 1_000_000_000):
            for trade in held:
                self._run_funding_fees(trade, current_time)
            self.desk.cut_to_cash()
        return super().backtest_loop(row, pair, current_time, *rest)

    @override
    def _run_funding_fees(
        self, trade: LocalTrade, current_time: datetime, force: bool = False
    ) -> None:
        super()._run_funding_fees(trade, current_time, force)
        self.desk.funding = trade.funding_fee_running or 0.0

    @override
    def get_pair_precision(self, pair: str, current_time: datetime) -> tuple[float | None, int]:
        """Round no price: Freqtrade would to a tick it reads off the decimals of the bars."""
        return None, TICK_SIZE

    @override
    def manage_open_orders(self, trade: Any, current_time: Any, row: Any) -> bool:
        """Look for no order that waits: each fills the moment it is made."""
        return False

    @override
    def _check_adjust_trade_for_candle(self, trade: Any, row: Any, current_time: Any) -> Any:
        if not self.desk.order:
            return trade
        return super()._check_adjust_trade_for_candle(trade, row, current_time)

    @override
    def _enter_trade(self, pair: str, row: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        # An order counts as filled at once at the rate it is given, in or out of its bar.
        priced = [*row]
        priced[OPEN_IDX] = self.desk.price
        return super()._enter_trade(pair, tuple(priced), direction, *args, **kwargs)

    @override
    def _get_order_filled(self, rate: float, row: Any) -> bool:
        return True

    @override
    def _get_close_rate(
        self, row: Any, trade: LocalTrade, current_time: Any, exit_: ExitCheckTuple, trade_dur: int
    ) -> float:
        against = 1 if trade.is_short else -1
        return self.desk.slipped(self._price_of(exit_, trade, row), side=against)

    def _price_of(self, exit_: ExitCheckTuple, trade: LocalTrade, row: Any) -> float:
        """Return the level of an exit, or the open where the bar opened beyond it."""
        price, low, high = (float(row[at]) for at in (OPEN_IDX, LOW_IDX, HIGH_IDX))
        aim = self.strategy.aim_of(trade)
        if exit_.exit_type in _AT_STOP:
            price = (max if trade.is_short else min)(price, float(trade.stop_loss))
        elif exit_.exit_type is ExitType.ROI and aim is not None:
            price = (min if trade.is_short else max)(price, aim)
        return min(max(price, low), high)

    @override
    def _get_exit_for_signal(
        self,
        trade: LocalTrade,
        row: Any,
        exit_: ExitCheckTuple,
        current_time: Any,
        amount: float | None = None,
    ) -> LocalTrade | None:
        desk = self.desk
        if trade.is_short and exit_.exit_type in _BESIDE_TARGETS:
            # Freqtrade covers a short whatever it costs; a stop buys what cash pays, as any order.
            lots = desk.payable(self._price_of(exit_, trade, row))
            if lots <= 0:
                return None
            amount = desk.quantity_of(lots) if lots < -desk.lots else None
        return super()._get_exit_for_signal(trade, row, exit_, current_time, amount)

    @override
    def _try_close_open_order(
        self, order: Order | None, trade: LocalTrade, current_date: datetime, row: Any
    ) -> bool:
        done: bool = super()._try_close_open_order(order, trade, current_date, row)
        if order is not None and done and order.ft_order_tag != ExitType.FORCE_EXIT.value:
            is_entry = order.ft_order_side == trade.entry_side
            self.desk.filled(
                side=1 if order.ft_order_side == "buy" else -1,
                quantity=order.safe_filled,
                price=order.safe_price,
                funding=order.funding_fee or 0.0,
                by_target=is_entry or order.ft_order_tag == TARGET,
            )
        return done
