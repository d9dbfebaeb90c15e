"""The vectorbt engine."""

from dataclasses import replace
from typing import Final, override

import numpy as np

from research.domain.backtest import Execution
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import Capabilities
from research.engines.memory import MemoryModel
from research.engines.vectorbt.inputs import (
    Inputs,
    LotScale,
    allow_fractions,
    build_inputs,
    check_lot,
)
from research.engines.vectorbt.outputs import (
    cash_lost,
    first_cut_below_minimum,
    read_execution,
    share_lost,
)
from research.engines.vectorbt.runner import Records, import_vectorbt, simulate

# Relative to equity: a hundredth of what two executions may differ by.
_LOST: Final = 1e-8
# On real bars no more than twenty were ever needed, each as fast as the first run.
_ROUNDS: Final = 100


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
        inputs, records = _without_loss(*_simulate(build_inputs(task)))
        return read_execution(
            records=records,
            inputs=inputs,
            bars=task.market.period,
            scale=LotScale(task.market.instrument.lot),
        )


def _without_loss(inputs: Inputs, records: Records) -> tuple[Inputs, Records]:
    # A buy in fractions of a lot leaves no cash, so none is lost; where some was lost a
    # lot is worth so little that a fraction of it is nothing. What has settled stays.
    for _ in range(_ROUNDS):
        if share_lost(records) <= _LOST:
            break
        lossy = np.zeros(len(inputs.size), np.bool_)
        lossy[records.row[cash_lost(records) != 0]] = True
        if not (lossy & ~np.isnan(inputs.size_granularity)).any():
            break
        inputs, records = _simulate(allow_fractions(inputs, lossy))
    return inputs, records


def _simulate(inputs: Inputs) -> tuple[Inputs, Records]:
    # Everything before the first wrong refusal is right, so each round settles one more bar.
    records = simulate(inputs)
    while (row := first_cut_below_minimum(records, inputs)) is not None:
        minimum = inputs.min_size.copy()
        minimum[row] = 0.0
        inputs = replace(inputs, min_size=minimum)
        records = simulate(inputs)
    return inputs, records
