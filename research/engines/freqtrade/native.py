"""A person's own Freqtrade strategy on the bars of a market, by Freqtrade's own rules."""

from typing import Any

from freqtrade.exceptions import OperationalException

from common.domain.costs import AccountType
from research.domain.backtest import Market, NativeRequest
from research.engines.base import NativeTask
from research.engines.exceptions import InvalidNativeStrategy, NeedsMargin, UnsupportedFeature
from research.engines.freqtrade.backtester import NativeBacktesting
from research.engines.freqtrade.data import write_bars, write_funding
from research.engines.freqtrade.driver import cleared, load_config, reporter
from research.engines.freqtrade.folder import RunFolder, base_config, is_futures, pair_of
from research.engines.freqtrade.native_file import copy_strategy, seeded
from research.engines.freqtrade.quiet import Log
from research.engines.freqtrade.venue import OfflineVenue, describe_market
from trading.strategies.parameters import Value

# What a person may set beside the strategy's own names: Freqtrade has them in its configuration.
_OF_THE_CONFIGURATION = ("stake_amount", "tradable_balance_ratio")


def run_native(task: NativeTask, folder: RunFolder, log: Log) -> None:
    """Run a strategy file; the result is exported into the folder.

    Raises
    ------
    InvalidNativeStrategy
        If Freqtrade cannot load it.
    UnsupportedFeature
        If it is made for other bars or another account.
    """
    request, market = task.request, task.market
    venue, config = prepare(request, market, folder)
    if request.settings.detail is not None and market.detail is not None:
        write_bars(folder.data, venue.symbol, market.detail, futures=venue.is_futures)
        config["timeframe_detail"] = str(request.settings.detail)
    with cleared(), seeded(request.seed):
        try:
            backtesting = NativeBacktesting(
                config,
                venue,
                report=reporter(task.progress, len(market.period)),
                params=_of_the_strategy(request),
            )
        except (OperationalException, ImportError) as e:
            why = "; ".join([str(e), *log.warnings])
            raise InvalidNativeStrategy(
                f"freqtrade does not load {request.class_name} of {request.path.name}: {why}",
                engine="freqtrade",
            ) from e
        _check_strategy(backtesting, request, market)
        # What the strategy declares would lock it live, so it does here, without a switch.
        backtesting.enable_protections = bool(backtesting.strategylist[0].protections)
        config["enable_protections"] = backtesting.enable_protections
        backtesting.start()


def prepare(
    request: NativeRequest, market: Market, folder: RunFolder
) -> tuple[OfflineVenue, dict[str, Any]]:
    """Write what a strategy file runs on, and return its venue and configuration."""
    spec = market.instrument
    futures = is_futures(spec.id, request.account)
    pair = pair_of(spec.id, futures=futures)
    write_bars(folder.data, pair, market.bars, futures=futures)
    if market.funding is not None:
        write_funding(folder.data, pair, market.funding)
    copy_strategy(request.path, folder.strategies)
    config = base_config(
        folder=folder,
        pair=pair,
        timeframe=str(market.bars.timeframe),
        futures=futures,
        cash=request.cash,
    )
    # What a configuration says of these would outdo the strategy's own.
    del config["timeframe"]
    named = {k: v for k, v in request.params.items() if k in _OF_THE_CONFIGURATION}
    config |= {"strategy": request.class_name, "tradable_balance_ratio": 0.99, **named}
    if market.first:
        config["timerange"] = f"{int(market.period.open_ns[0]) // 1_000_000_000}-"
    loaded = load_config(folder, config)
    listing = describe_market(
        symbol=pair,
        lot=float(spec.lot),
        tick=None if spec.tick is None else float(spec.tick),
        min_notional=None if spec.min_notional is None else float(spec.min_notional),
        fee_rate=request.costs.fee_rate,
        # More than one is found in the result and refused there; capped, it would not show.
        max_leverage=125.0,
    )
    return OfflineVenue(loaded, listing), loaded


def _of_the_strategy(request: NativeRequest) -> dict[str, Value]:
    return {k: v for k, v in request.params.items() if k not in _OF_THE_CONFIGURATION}


def _check_strategy(
    backtesting: NativeBacktesting, request: NativeRequest, market: Market
) -> None:
    if backtesting.timeframe != str(market.bars.timeframe):
        raise UnsupportedFeature(
            f"{request.class_name} is made for bars of {backtesting.timeframe},"
            f" this run is on bars of {market.bars.timeframe}",
            engine="freqtrade",
            features=["timeframe"],
        )
    if backtesting.strategylist[0].can_short and request.account is AccountType.CASH:
        raise NeedsMargin(
            f"{request.class_name} can go short: that needs a margin account, this one is cash",
            strategy=request.class_name,
        )
