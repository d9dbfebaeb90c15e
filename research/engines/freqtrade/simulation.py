"""Freqtrade's backtester, taught the prices of the rule and stored bars with gaps."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, override

from freqtrade.data import history
from freqtrade.enums import CandleType, ExitCheckTuple, ExitType
from freqtrade.exchange.exchange import TICK_SIZE
from freqtrade.optimize.backtesting import HIGH_IDX, LOW_IDX, OPEN_IDX, Backtesting
from freqtrade.optimize.optimize_reports import store_backtest_results
from freqtrade.persistence import LocalTrade, Order
from freqtrade.strategy import IStrategy
from freqtrade.strategy.parameters import BaseParameter

from research.engines.freqtrade.desk import Desk
from research.engines.freqtrade.native_file import set_parameters, vars_of
from research.engines.freqtrade.shell import TARGET, Shell
from research.engines.freqtrade.venue import OfflineVenue
from trading.strategies.parameters import Value

_REPORT_EVERY = 500
_AT_STOP = (ExitType.STOP_LOSS, ExitType.TRAILING_STOP_LOSS)
_INSTANT = timedelta(microseconds=1)


class QuietBacktesting(Backtesting):
    """Freqtrade's backtester without progress bars, with funding at the times it was due.

    Notes
    -----
    Freqtrade reads funding at whole hours that have a bar; here it is read at every bar,
    so none is lost where bars are missing or longer than the hours between fundings.
    """

    _fills_missing = False

    def __init__(
        self, config: dict[str, Any], venue: OfflineVenue, *, report: Callable[[int], None]
    ) -> None:
        super().__init__(config, exchange=venue)
        # They redraw at every bar, which costs more than the bar.
        self.progress = None
        self._report = report
        self._loops = 0

    @override
    def backtest_loop(self, row: Any, pair: str, current_time: datetime, *rest: Any) -> Any:
        self._loops += 1
        if self._loops % _REPORT_EVERY == 0:
            self._report(self._loops)
        return super().backtest_loop(row, pair, current_time, *rest)

    @override
    def backtest_one_strategy(self, strat: Any, data: Any, timerange: Any) -> Any:
        """Run and export trades and balances alone: statistics are not Freqtrade's here."""
        dates = super().backtest_one_strategy(strat, data, timerange)
        name = strat.get_strategy_name()
        content = self.all_bt_content.pop(name)
        facts = {
            "trades": content["results"].to_dict(orient="records"),
            "starting_balance": self.config["dry_run_wallet"],
            "final_balance": content["final_balance"],
        }
        exported = {"metadata": {}, "strategy": {name: facts}, "strategy_comparison": []}
        store_backtest_results(self.config, exported, "run")
        return dates

    @override
    def _run_funding_fees(
        self, trade: LocalTrade, current_time: datetime, force: bool = False
    ) -> None:
        if len(self.futures_data.get(trade.pair, ())):
            super()._run_funding_fees(trade, current_time, force=True)

    @override
    def _load_bt_data_detail(self) -> None:
        self.detail_data = {}
        if self.timeframe_detail:
            self.detail_data = self._load(
                self.timeframe_detail, self.config["candle_type_def"], fill=self._fills_missing
            )
        self.futures_data = {}
        if self.trading_mode == "futures":
            hourly = self.exchange.get_option("funding_fee_timeframe")
            rates = self._load(hourly, CandleType.FUNDING_RATE)
            marks = self._load(hourly, CandleType.MARK)
            self.futures_data = {
                pair: self.exchange.combine_funding_and_mark(found, marks[pair])
                for pair, found in rates.items()
                if len(found)
            }

    def _load(self, timeframe: str, kind: CandleType, *, fill: bool = False) -> dict[str, Any]:
        loaded: dict[str, Any] = history.load_data(
            datadir=self.config["datadir"],
            timeframe=timeframe,
            pairs=self.pairlists.whitelist,
            timerange=self.timerange,
            fill_up_missing=fill,
            startup_candles=0,
            fail_without_data=True,
            data_format=self.config["dataformat_ohlcv"],
            candle_type=kind,
        )
        return loaded


class NativeBacktesting(QuietBacktesting):
    """Freqtrade's backtester as it is, for a person's own strategy.

    Notes
    -----
    Its loader fills missing bars with flat ones without volume, as it does everywhere.
    """

    _fills_missing = True

    def __init__(
        self,
        config: dict[str, Any],
        venue: OfflineVenue,
        *,
        report: Callable[[int], None],
        params: Mapping[str, Value],
    ) -> None:
        super().__init__(config, venue, report=report)
        self._params = params

    @override
    def _set_strategy(self, strategy: IStrategy) -> None:
        parameters = {
            name: found
            for name, found in vars_of(type(strategy)).items()
            if isinstance(found, BaseParameter)
        }
        set_parameters(strategy, parameters, self._params)
        super()._set_strategy(strategy)
        # Freqtrade reads the values that the class or a file beside it states just then.
        set_parameters(strategy, parameters, self._params)


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
        price, level = row[OPEN_IDX], None
        if exit_.exit_type in _AT_STOP:
            level = trade.stop_loss
            price = max(price, level) if trade.is_short else min(price, level)
        elif exit_.exit_type is ExitType.ROI:
            level = self.strategy.aim_of(trade)
            price = min(price, level) if trade.is_short else max(price, level)
        if level is not None:
            price = min(max(price, row[LOW_IDX]), row[HIGH_IDX])
        return self.desk.slipped(price, side=against)

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
