"""The vectorbt engine."""

from typing import override

from research.domain.backtest import Execution
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import Capabilities
from research.engines.memory import MemoryModel
from research.engines.vectorbt.inputs import LotScale, check_lot
from research.engines.vectorbt.outputs import read_execution
from research.engines.vectorbt.rounds import settle
from research.engines.vectorbt.runner import import_vectorbt


class VectorbtEngine(BacktestEngine):
    """Executes targets and stops on bars with vectorbt's `Portfolio.from_orders`."""

    name = "vectorbt"
    requirement = "vectorbt[rust]"
    distributions = ("vectorbt", "vectorbt-rust")
    capabilities = Capabilities(bars=True, short_selling=True, stops=True, every_bar=True)
    # An order at every bar; the base includes what a job has beside the engine.
    memory = MemoryModel(base=390_000_000, per_bar=760)

    @override
    def preload(self) -> None:
        import_vectorbt()

    @override
    def _execute(self, task: Task) -> Execution:
        check_lot(task)
        inputs, records = settle(task)
        return read_execution(
            records=records,
            inputs=inputs,
            bars=task.market.period,
            scale=LotScale(task.market.instrument.lot),
        )
