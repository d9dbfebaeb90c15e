"""Run NautilusTrader piece by piece, so that memory is bounded and nothing fails silently."""

from collections.abc import Iterable
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine

from common.domain.bars import Bars
from research.engines.base import Progress
from research.engines.exceptions import EngineFailed


def run_pieces(
    engine: BacktestEngine, pieces: Iterable[list[Any]], *, bars: Bars, progress: Progress
) -> None:
    """Run data in time order, piece after piece, and end the run.

    Parameters
    ----------
    pieces
        Lists of NautilusTrader's data, each after the one before; none is empty.
    bars
        The period, for the fraction done.

    Raises
    ------
    EngineFailed
        If the engine stopped before the last of the data.
    """
    start_ns, sent = int(bars.open_ns[0]), 0
    length_ns = int(bars.open_ns[-1]) + bars.timeframe.nanoseconds - start_ns
    for data in pieces:
        # Its validation looks at the first of each piece and wants every piece to hold a book.
        engine.add_data(data, validate=False)
        # An overdrawn account raises in a run by pieces; else it only ends the run.
        engine.run(streaming=True)
        engine.clear_data()
        sent += len(data)
        if engine.iteration != sent:
            raise EngineFailed(
                f"nautilus stopped at event {engine.iteration} of {sent}", engine="nautilus"
            )
        progress(min(1.0, max(0.0, (data[-1].ts_init - start_ns) / length_ns)))
    engine.end()
