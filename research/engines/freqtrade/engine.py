"""The Freqtrade engine."""

from typing import override

import numpy as np

from research.domain.backtest import Execution
from research.engines.base import BacktestEngine, NativeTask, Task
from research.engines.capabilities import Capabilities
from research.engines.freqtrade.outputs import check_leverage, read_execution
from research.engines.freqtrade.runner import import_freqtrade, simulate, simulate_native
from research.engines.memory import MemoryModel


class FreqtradeEngine(BacktestEngine):
    """Executes targets on bars with Freqtrade's own backtester, its stops and protections."""

    name = "freqtrade"
    requirement = "freqtrade"
    distributions = ("freqtrade",)
    capabilities = Capabilities(
        bars=True,
        short_selling=True,
        stops=True,
        funding=True,
        every_bar=True,
        native=True,
        detail=True,
        protections=True,
    )
    memory = MemoryModel(base=390_000_000, per_bar=2_000)

    @override
    def preload(self) -> None:
        import_freqtrade()

    @override
    def _execute(self, task: Task) -> Execution:
        desk, export = simulate(task)
        return read_execution(
            export,
            task.market,
            cash=task.request.cash,
            skipped_ns=task.market.period.open_ns[np.array(desk.skipped, np.int64)],
            on_bars=True,
        )

    @override
    def _execute_native(self, task: NativeTask) -> Execution:
        export = simulate_native(task)
        check_leverage(export)
        return read_execution(
            export,
            task.market,
            cash=task.request.cash,
            skipped_ns=np.empty(0, np.int64),
            on_bars=False,
        )
