"""A Freqtrade strategy that does what a desk has decided; each run generates a subclass."""

from datetime import datetime
from typing import Any, ClassVar, override

from freqtrade.enums import ExitCheckTuple, ExitType
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from pandas import DataFrame

from research.engines.freqtrade.desk import Desk
from trading.strategies.base import StopSpec

# What Freqtrade writes as the reason of an exit to a target.
TARGET = "target"
_NOTHING = ExitCheckTuple(exit_type=ExitType.NONE)


class Shell(IStrategy):
    """Signals, sizes and exits of a desk, with the stops that Freqtrade executes.

    Notes
    -----
    Freqtrade calls the documented callbacks through a wrapper that copies the trade with
    all its orders each time and goes on after an error. The hooks here are those that
    the wrapper calls, so an error ends the run and a run of many orders stays linear.
    """

    INTERFACE_VERSION = 3
    process_only_new_candles = False
    startup_candle_count = 0
    position_adjustment_enable = True
    use_exit_signal = False
    order_types: ClassVar[dict[str, Any]] = {
        "entry": "market",
        "exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }
    desk: Desk
    stops: ClassVar[StopSpec] = StopSpec()

    @override
    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    @override
    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        long, short = self.desk.signals
        dataframe["enter_long"] = long.astype(int)
        dataframe["enter_short"] = short.astype(int)
        return dataframe

    @override
    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    @override
    def custom_stake_amount(self, **asked: Any) -> float:
        side = 1 if asked["side"] == "long" else -1
        if self.desk.lots or self.desk.order * side <= 0:
            return 0.0
        return self.desk.quantity_of(self.desk.order) * self.desk.price

    @override
    def _adjust_trade_position_internal(
        self, trade: Trade, *_: Any, **asked: Any
    ) -> tuple[float | None, str]:
        desk = self.desk
        if not desk.order or desk.closes_all:
            return None, ""
        quantity = desk.quantity_of(desk.order)
        if desk.order * desk.lots > 0:
            return quantity * self.desk.price, TARGET
        return -quantity * trade.stake_amount / trade.amount, TARGET

    @override
    def should_exit(
        self, trade: Trade, rate: float, current_time: datetime, **bar: Any
    ) -> list[ExitCheckTuple]:
        if self.desk.closes_all:
            return [ExitCheckTuple(exit_type=ExitType.CUSTOM_EXIT, exit_reason=TARGET)]
        if self.stops == StopSpec() or self.desk.is_over:
            return []
        exits: list[ExitCheckTuple] = super().should_exit(trade, rate, current_time, **bar)
        # The stop goes first, but for a bar that already opens beyond the take profit.
        aims_first = self._is_beyond_aim(trade, rate)
        return sorted(exits, key=lambda exit_: (exit_.exit_type is ExitType.ROI) != aims_first)

    def _is_beyond_aim(self, trade: Trade, rate: float) -> bool:
        aim = self.aim_of(trade)
        return aim is not None and (rate <= aim if trade.is_short else rate >= aim)

    @override
    def ft_stoploss_adjust(self, current_rate: float, trade: Trade, *_: Any, **__: Any) -> None:
        """Set the level that Freqtrade tests: it follows closes, not the bar's own extreme."""
        loss, trailing = self.stops.stop_loss, self.stops.trailing
        if loss is not None:
            trade.adjust_stop_loss(trade.open_rate, loss, allow_refresh=True)
            trade.is_stop_loss_trailing = False
        if trailing is not None:
            trade.adjust_stop_loss(self.desk.best, trailing, allow_refresh=loss is None)
            trade.is_stop_loss_trailing |= loss is None
        # 8000.5 * 0.98 is 7840.490000000001: a bar that just reaches the level would miss it.
        trade.stop_loss = float(f"{trade.stop_loss:.14g}")

    @override
    def ft_stoploss_reached(self, *args: Any, **kwargs: Any) -> ExitCheckTuple:
        if self.stops.stop_loss is None and self.stops.trailing is None:
            return _NOTHING
        return super().ft_stoploss_reached(*args, **kwargs)

    @override
    def min_roi_reached_entry(
        self, trade: Trade, trade_dur: int, current_time: datetime
    ) -> tuple[int | None, float | None]:
        """Return the profit, after both fees and funding, that the take profit's price makes."""
        aim = self.aim_of(trade)
        return (None, None) if aim is None else (0, trade.calc_profit_ratio(aim))

    @override
    def min_roi_reached(self, trade: Trade, current_profit: float, current_time: datetime) -> bool:
        """Count a price that just reaches the aim, which Freqtrade's own rule does not."""
        _, roi = self.min_roi_reached_entry(trade, 0, current_time)
        return roi is not None and current_profit >= roi

    def aim_of(self, trade: Trade) -> float | None:
        """Return the price at which the position takes its profit, None if it has no aim."""
        aim = self.stops.take_profit
        if aim is None:
            return None
        return float(f"{trade.open_rate * (1 - aim if trade.is_short else 1 + aim):.14g}")
