"""Run targets on bars in NautilusTrader."""

from typing import Any

from research.domain.backtest import Execution
from research.engines.base import Task
from research.engines.nautilus.bars import iter_pieces
from research.engines.nautilus.funding import FundingModule
from research.engines.nautilus.inputs import Scale, check_lot, uses_margin
from research.engines.nautilus.pieces import run_pieces
from research.engines.nautilus.plan import Plan
from research.engines.nautilus.records import Records
from research.engines.nautilus.stops import StoppingStrategy
from research.engines.nautilus.strategy import TargetStrategy
from research.engines.nautilus.venue import VenueSpec, build_instrument, open_engine, rest_analyzer


def run_on_bars(task: Task) -> Execution:
    """Return what NautilusTrader makes of the targets."""
    request, market = task.request, task.market
    bars, slippage = market.period, request.costs.slippage
    traded = build_instrument(
        market.instrument,
        bars.timeframe,
        scale=Scale.of(market.instrument, bars, slippage),
        costs=request.costs,
    )
    check_lot(request.cash, bars, market.instrument.lot)
    records = Records()
    options: dict[str, Any] = {"bar_execution": False, "trade_execution": False}
    if task.stops is None:
        strategy = TargetStrategy(Plan.of(task), traded, records)
    else:
        strategy = StoppingStrategy(Plan.of(task), traded, records)
        # A level that lies beyond the market when its order arrives fills at once.
        options |= {"fill_model": strategy.fill_model, "reject_stop_orders": False}
    if market.funding is not None:
        options["modules"] = [
            FundingModule(
                market.funding, traded=traded, records=records, on_booked=strategy.note_change
            )
        ]
    venue = VenueSpec(
        cash=request.cash,
        margin=uses_margin(market.instrument, request.account),
        options=options,
    )
    with open_engine(traded, venue) as engine:
        rest_analyzer(engine)
        engine.add_strategy(strategy)
        pieces = iter_pieces(bars, traded, slippage=slippage, with_range=task.stops is not None)
        run_pieces(engine, pieces, bars=bars, progress=task.progress)
    records.bars = strategy.row + 1
    records.check_complete(bars)
    return records.execution(bars, market.instrument.lot, request.cash)
