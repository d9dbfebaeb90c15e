"""Run targets on bars in NautilusTrader."""

from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine

from research.domain.backtest import Execution
from research.engines.base import Task
from research.engines.nautilus.bars import iter_pieces
from research.engines.nautilus.funding import FundingModule
from research.engines.nautilus.inputs import Scale, uses_margin
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
        for data in pieces:
            run_piece(engine, data)
            task.progress(strategy.row / len(bars))
        engine.end()
    records.bars = strategy.row + 1
    records.check_complete(bars)
    return records.execution(bars, market.instrument.lot, request.cash)


def run_piece(engine: BacktestEngine, data: list[Any]) -> None:
    """Run data that follow those before; the engine keeps none of them afterwards."""
    engine.add_data(data)
    # An overdrawn account raises in a run by pieces; else it only ends the run.
    engine.run(streaming=True)
    engine.clear_data()
