"""Run a person's own strategy in NautilusTrader, on the venue as it is by default."""

from decimal import Decimal
from typing import Any, override

import numpy as np
from nautilus_trader.backtest.config import SimulationModuleConfig
from nautilus_trader.backtest.modules import SimulationModule
from nautilus_trader.model.events import OrderFilled

from common.domain.bars import Bars
from common.domain.enums import FillReason
from research.domain.backtest import Execution
from research.engines.base import NativeTask
from research.engines.exceptions import UnsupportedFeature
from research.engines.nautilus.bars import iter_closed_bars
from research.engines.nautilus.facts import fill_row, read_holding
from research.engines.nautilus.funding import FundingModule
from research.engines.nautilus.inputs import Scale, uses_margin
from research.engines.nautilus.native_file import load_strategy
from research.engines.nautilus.pieces import run_pieces
from research.engines.nautilus.records import Records
from research.engines.nautilus.venue import Traded, VenueSpec, build_instrument, open_engine


class WatchModule(SimulationModule):
    """Notes fills as the engine publishes them, and the account after each event."""

    def __init__(self, *, bars: Bars, traded: Traded, records: Records) -> None:
        super().__init__(SimulationModuleConfig())
        self.opens_ns = bars.open_ns
        self.traded = traded
        self.records = records
        self.is_stale = False

    def note_event(self, event: Any) -> None:
        """Take an event of an order."""
        if isinstance(event, OrderFilled):
            self.records.fills.append(fill_row(event, FillReason.TARGET))
            self.is_stale = True

    def note_change(self) -> None:
        """Read the account after this event, since something has changed it."""
        self.is_stale = True

    @override
    def process(self, ts_now: int) -> None:
        """Read the account after what an event made of it."""
        if not self.is_stale:
            return
        self.is_stale = False
        row = int(np.searchsorted(self.opens_ns, ts_now, side="right")) - 1
        self.records.accounts.append((row, read_holding(self.exchange.cache, self.traded)))

    @override
    def log_diagnostics(self, logger: Any) -> None:
        """Have nothing to log."""

    @override
    def reset(self) -> None:
        """Have nothing to reset: an engine runs once."""


def run_native(task: NativeTask) -> Execution:
    """Return what NautilusTrader makes of a person's own strategy.

    Raises
    ------
    UnsupportedFeature
        If slippage is asked for: the venue fills at the prices of its data.
    """
    request, market = task.request, task.market
    if request.costs.slippage:
        raise UnsupportedFeature(
            f"nautilus fills a strategy of its own at the prices of the data, slippage is"
            f" {request.costs.slippage}",
            engine="nautilus",
            features=["slippage"],
        )
    bars = market.period
    scale = Scale.natural(market.instrument, bars)
    traded = build_instrument(
        market.instrument,
        bars.timeframe,
        scale=scale,
        costs=request.costs,
        is_native=True,
    )
    records = Records()
    watch = WatchModule(bars=bars, traded=traded, records=records)
    modules: list[SimulationModule] = [watch]
    if market.funding is not None:
        modules.append(
            FundingModule(
                market.funding, traded=traded, records=records, on_booked=watch.note_change
            )
        )
    venue = VenueSpec(
        cash=request.cash,
        margin=uses_margin(market.instrument, request.account),
        options={"modules": modules},
    )
    with (
        open_engine(traded, venue) as engine,
        load_strategy(request, traded) as strategy,
    ):
        engine.kernel.msgbus.subscribe("events.order.*", watch.note_event)
        engine.add_strategy(strategy)
        run_pieces(engine, iter_closed_bars(bars, traded), bars=bars, progress=task.progress)
    return records.execution(bars, Decimal(1).scaleb(-scale.size), request.cash)
