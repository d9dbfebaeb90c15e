"""Freqtrade's backtester without what a run here has no use for, and as it is for strategy files."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, override

from freqtrade.data import history
from freqtrade.enums import CandleType
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.optimize.optimize_reports import store_backtest_results
from freqtrade.persistence import LocalTrade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.parameters import BaseParameter

from research.engines.freqtrade.native_file import set_parameters, vars_of
from research.engines.freqtrade.venue import OfflineVenue
from trading.strategies.parameters import Value

_REPORT_EVERY: Final = 500


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
