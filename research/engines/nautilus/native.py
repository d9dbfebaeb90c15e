"""Run a person's own strategy in NautilusTrader, on the venue as it is by default."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from research.domain.backtest import Execution
from research.engines.base import NativeTask
from research.engines.exceptions import UnsupportedFeature
from research.engines.nautilus.bars import closed_bars, iter_closed_bars
from research.engines.nautilus.event_bars import with_bars
from research.engines.nautilus.event_data import EventFeed
from research.engines.nautilus.event_runner import event_instrument, event_venue, venue_modules
from research.engines.nautilus.inputs import Scale, uses_margin
from research.engines.nautilus.native_file import load_strategy
from research.engines.nautilus.pieces import run_pieces
from research.engines.nautilus.records import Records
from research.engines.nautilus.venue import Traded, VenueSpec, build_instrument, open_engine
from research.engines.nautilus.watch import WatchModule


def run_native(task: NativeTask) -> Execution:
    """Return what NautilusTrader makes of a person's own strategy.

    Raises
    ------
    UnsupportedFeature
        If slippage is asked for: the venue fills at the prices of its data.
    """
    request, bars = task.request, task.market.period
    if request.costs.slippage:
        raise UnsupportedFeature(
            f"nautilus fills a strategy of its own at the prices of the data, slippage is"
            f" {request.costs.slippage}",
            engine="nautilus",
            features=["slippage"],
        )
    traded = _instrument(task)
    records = Records()
    watch = WatchModule(bars=bars, traded=traded, records=records)
    with (
        open_engine(traded, _venue(task, watch)) as engine,
        load_strategy(request, traded) as strategy,
    ):
        engine.kernel.msgbus.subscribe("events.order.*", watch.note_event)
        engine.add_strategy(strategy)
        run_pieces(engine, _pieces(task, traded), bars=bars, progress=task.progress)
    return records.execution(bars, Decimal(1).scaleb(-traded.scale.size), request.cash)


def _instrument(task: NativeTask) -> Traded:
    request, market = task.request, task.market
    if market.events is not None:
        return event_instrument(request, market, market.events)
    return build_instrument(
        market.instrument,
        market.bars.timeframe,
        scale=Scale.natural(market.instrument, market.period),
        costs=request.costs,
        is_native=True,
    )


def _venue(task: NativeTask, watch: WatchModule) -> VenueSpec:
    request, market = task.request, task.market
    if market.events is not None:
        return event_venue(request, market, watch=watch, rests=True)
    return VenueSpec(
        cash=request.cash,
        margin=uses_margin(market.instrument, request.account),
        options={"modules": venue_modules(market, watch)},
    )


def _pieces(task: NativeTask, traded: Traded) -> Iterable[list[Any]]:
    market, bars = task.market, task.market.period
    if market.events is None:
        return iter_closed_bars(bars, traded)
    return with_bars(
        EventFeed(market.events, traded).pieces(
            int(bars.open_ns[-1]) + bars.timeframe.nanoseconds
        ),
        closed_bars(bars, traded, before_close_ns=1),
        after_next_event=False,
    )
