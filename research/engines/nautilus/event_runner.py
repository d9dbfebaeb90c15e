"""Run targets on recorded events in NautilusTrader."""

from dataclasses import replace
from typing import Any

from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.model.enums import BookType

from common.domain.events import EventFiles
from research.domain.backtest import BacktestRequest, Execution, Market, NativeRequest
from research.domain.settings import ExecutionStyle
from research.engines.base import Task
from research.engines.exceptions import UnsupportedFeature
from research.engines.nautilus.bars import closed_bars
from research.engines.nautilus.event_bars import with_bars
from research.engines.nautilus.event_data import EventFeed
from research.engines.nautilus.event_strategy import RestingStrategy, TakingStrategy
from research.engines.nautilus.funding import FundingModule
from research.engines.nautilus.inputs import Scale, decimals_of, uses_margin
from research.engines.nautilus.pieces import run_pieces
from research.engines.nautilus.plan import Plan
from research.engines.nautilus.records import Records
from research.engines.nautilus.sizing import exact
from research.engines.nautilus.venue import (
    Traded,
    VenueSpec,
    build_instrument,
    open_engine,
    rest_analyzer,
)
from research.engines.nautilus.watch import WatchModule


def run_on_events(task: Task, events: EventFiles) -> Execution:
    """Return what NautilusTrader makes of the targets on recorded events.

    Raises
    ------
    UnsupportedFeature
        If the strategy has stops: their rule is one of bars.
    """
    request, market = task.request, task.market
    if task.stops is not None:
        raise UnsupportedFeature(
            "nautilus executes stops on bars, this run is on recorded events",
            engine="nautilus",
            features=["stops"],
        )
    bars, rests = market.period, request.settings.execution is ExecutionStyle.MAKER
    traded = event_instrument(request, market, events)
    records = Records()
    watch = WatchModule(bars=bars, traded=traded, records=records)
    kind = RestingStrategy if rests else TakingStrategy
    strategy = kind(
        _plan(task, events, fee_rate=request.costs.maker_fee_rate if rests else None),
        watch=watch,
        records=records,
        interval_ns=request.settings.quote_interval_ns,
    )
    end_ns = int(bars.open_ns[-1]) + bars.timeframe.nanoseconds
    with open_engine(traded, event_venue(request, market, watch=watch, rests=rests)) as engine:
        rest_analyzer(engine)
        engine.kernel.msgbus.subscribe("events.order.*", watch.note_event)
        engine.add_strategy(strategy)
        pieces = with_bars(
            EventFeed(events, traded).pieces(end_ns),
            closed_bars(bars, traded),
            after_next_event=not request.settings.order_latency_ns,
        )
        run_pieces(engine, pieces, bars=bars, progress=task.progress)
    records.bars = strategy.row + 1
    records.check_complete(bars)
    return records.execution(bars, events.lot, request.cash)


def _plan(task: Task, events: EventFiles, *, fee_rate: float | None) -> Plan:
    """Return the plan in lots of the recording, at another fee rate where one is given."""
    plan = Plan.of(task, lot=events.lot)
    if fee_rate is None:
        return plan
    return replace(plan, sizer=replace(plan.sizer, fee_rate=exact(fee_rate)))


def event_instrument(
    request: BacktestRequest | NativeRequest, market: Market, events: EventFiles
) -> Traded:
    """Return the instrument with the sizes of the recording.

    Raises
    ------
    UnsupportedFeature
        If a lot of the recording is not whole in lots of the instrument.
    """
    lot = market.instrument.lot
    if events.lot % lot != 0:
        raise UnsupportedFeature(
            f"a lot of the events is {events.lot}, one of {market.instrument.id} is {lot}:"
            " what trades in the one is not whole in the other",
            engine="nautilus",
            features=["events"],
        )
    scale = Scale(
        price=decimals_of(events.tick),
        size=decimals_of(events.lot),
        lot=events.lot,
        tick=events.tick,
    )
    return build_instrument(
        market.instrument,
        market.bars.timeframe,
        scale=scale,
        costs=request.costs,
        is_native=isinstance(request, NativeRequest),
    )


def event_venue(
    request: BacktestRequest | NativeRequest,
    market: Market,
    *,
    watch: WatchModule,
    rests: bool,
) -> VenueSpec:
    """Return a venue that keeps the book by price, and the queue where orders rest in it.

    Raises
    ------
    UnsupportedFeature
        If answers are to take time: NautilusTrader delays orders alone.
    """
    settings = request.settings
    if settings.response_latency_ns:
        raise UnsupportedFeature(
            f"nautilus delays orders, not answers: response_latency_ns is"
            f" {settings.response_latency_ns}",
            engine="nautilus",
            features=["latency"],
        )
    latency = settings.order_latency_ns
    return VenueSpec(
        cash=request.cash,
        margin=uses_margin(market.instrument, request.account),
        book_type=BookType.L2_MBP,
        options={
            "bar_execution": False,
            "trade_execution": True,
            "liquidity_consumption": not rests,
            "queue_position": rests,
            "latency_model": LatencyModel(base_latency_nanos=latency) if latency else None,
            "modules": venue_modules(market, watch),
        },
    )


def venue_modules(market: Market, watch: WatchModule) -> list[Any]:
    """Return what watches the venue, and what books funding where there is some."""
    modules: list[Any] = [watch]
    if market.funding is not None:
        modules.append(
            FundingModule(
                market.funding,
                traded=watch.traded,
                records=watch.records,
                on_booked=watch.note_change,
            )
        )
    return modules
