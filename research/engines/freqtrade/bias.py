"""Freqtrade's analyses of look-ahead and recursion, on the offline venue."""

from typing import Any

from freqtrade.optimize.analysis.lookahead import LookaheadAnalysis
from freqtrade.optimize.analysis.lookahead_helpers import LookaheadAnalysisSubFunctions
from freqtrade.optimize.analysis.recursive import RecursiveAnalysis
from freqtrade.optimize.analysis.recursive_helpers import RecursiveAnalysisSubFunctions
from freqtrade.util import get_progress_tracker

from research.domain.backtest import Market, NativeRequest
from research.engines.freqtrade.bias_reports import LookaheadReport, RecursiveReport
from research.engines.freqtrade.driver import cleared
from research.engines.freqtrade.folder import RunFolder
from research.engines.freqtrade.native import prepare
from research.engines.freqtrade.native_file import seeded

_NS = 1_000_000_000


def lookahead(
    request: NativeRequest, market: Market, folder: RunFolder, *, trades: tuple[int, int]
) -> LookaheadReport:
    """Return what Freqtrade finds when it cuts the bars off after trades it made."""
    venue, config = prepare(request, market, folder)
    _set_period(config, market, venue.symbol)
    config["minimum_trade_amount"], config["targeted_trade_amount"] = trades
    config = LookaheadAnalysisSubFunctions.calculate_config_overrides(config)
    analysis = LookaheadAnalysis(config, _describe(request))
    # Else it would make an exchange of its own, which asks the network for its markets.
    analysis.exchange = venue
    with cleared(), seeded(request.seed):
        analysis.start(get_progress_tracker())
    found = analysis.current_analysis
    return LookaheadReport(
        has_bias=None if analysis.failed_bias_check else bool(found.has_bias),
        signals=int(found.total_signals),
        biased_entries=int(found.false_entry_signals),
        biased_exits=int(found.false_exit_signals),
        biased_indicators=tuple(found.false_indicators),
    )


def recursion(
    request: NativeRequest, market: Market, folder: RunFolder, *, startups: tuple[int, ...]
) -> RecursiveReport:
    """Return what Freqtrade finds when it computes indicators from later and later bars."""
    venue, config = prepare(request, market, folder)
    _set_period(config, market, venue.symbol)
    config["startup_candle"] = [*startups]
    config = RecursiveAnalysisSubFunctions.calculate_config_overrides(config)
    analysis = RecursiveAnalysis(config, _describe(request))
    analysis.exchange = venue
    with cleared(), seeded(request.seed):
        analysis.start(get_progress_tracker())
    return RecursiveReport(
        startup=int(analysis._strat_scc or 0),  # noqa: SLF001 - it is told nowhere else
        differences={name: dict(by) for name, by in analysis.dict_recursive.items()},
        biased_indicators=_changed_by_later_bars(analysis),
    )


def _changed_by_later_bars(analysis: Any) -> tuple[str, ...]:
    """Return the columns that Freqtrade compares and names in its log alone."""
    whole = analysis.full_varHolder.indicators[analysis.pair_to_used]
    cut = analysis.partial_varHolder_lookahead_array[0].indicators[analysis.pair_to_used].iloc[-1]
    same_bar = whole.loc[whole["date"] == cut["date"]].iloc[-1]
    return tuple(str(name) for name in same_bar.compare(cut).index)


def _set_period(config: dict[str, Any], market: Market, pair: str) -> None:
    bars = market.period
    end_ns = int(bars.open_ns[-1]) + bars.timeframe.nanoseconds
    config["timerange"] = f"{int(bars.open_ns[0]) // _NS}-{end_ns // _NS}"
    config["pairs"] = [pair]


def _describe(request: NativeRequest) -> dict[str, Any]:
    return {"name": request.class_name, "location": request.path}
