"""The vectorbt engine."""

from dataclasses import replace
from typing import Final, override

from research.domain.backtest import Execution
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import Capabilities
from research.engines.memory import MemoryModel
from research.engines.vectorbt.inputs import Inputs, LotScale, build_inputs, check_lot
from research.engines.vectorbt.outputs import first_cut_below_minimum, lost_cash, read_execution
from research.engines.vectorbt.runner import Records, import_vectorbt, simulate

# Relative to equity, a tenth of what two executions may differ by.
_LOST_CASH: Final = 1e-7


class VectorbtEngine(BacktestEngine):
    """Executes targets on bars with vectorbt's `Portfolio.from_orders`."""

    name = "vectorbt"
    requirement = "vectorbt[rust]"
    distributions = ("vectorbt", "vectorbt-rust")
    capabilities = Capabilities(bars=True, short_selling=True, every_bar=True)
    memory = MemoryModel(base=350_000_000, per_bar=600)

    @override
    def preload(self) -> None:
        import_vectorbt()

    @override
    def _execute(self, task: Task) -> Execution:
        check_lot(task)
        inputs, records = _simulate(build_inputs(task))
        if lost_cash(records, inputs) > _LOST_CASH:
            # Fractions of a lot leave nothing after a buy with all cash, so nothing is lost.
            inputs, records = _simulate(build_inputs(task, whole_lots=False))
        return read_execution(
            records=records,
            inputs=inputs,
            bars=task.market.period,
            scale=LotScale(task.market.instrument.lot),
        )


def _simulate(inputs: Inputs) -> tuple[Inputs, Records]:
    # Everything before the first wrong refusal is right, so each round settles one more bar.
    records = simulate(inputs)
    while (row := first_cut_below_minimum(records, inputs)) is not None:
        minimum = inputs.min_size.copy()
        minimum[row] = 0.0
        inputs = replace(inputs, min_size=minimum)
        records = simulate(inputs)
    return inputs, records
