"""The NautilusTrader engine."""

from typing import override

from research.domain.backtest import Execution
from research.engines.base import BacktestEngine, NativeTask, Task
from research.engines.capabilities import Capabilities
from research.engines.memory import MemoryModel
from research.engines.nautilus.errors import translated
from research.engines.nautilus.framework import import_nautilus


class NautilusEngine(BacktestEngine):
    """Executes targets with NautilusTrader's `BacktestEngine`."""

    name = "nautilus"
    requirement = "nautilus_trader"
    distributions = ("nautilus_trader",)
    capabilities = Capabilities(
        bars=True,
        events=True,
        order_book=True,
        limit_orders=True,
        short_selling=True,
        stops=True,
        funding=True,
        every_bar=True,
        native=True,
        latency=True,
        maker_orders=True,
        partial_fills=True,
    )
    memory = MemoryModel(base=430_000_000, per_bar=600, per_event=250)

    @override
    def preload(self) -> None:
        import_nautilus()
        with translated():
            from research.engines.nautilus import event_runner, native, runner  # noqa: F401

    @override
    def _execute(self, task: Task) -> Execution:
        import_nautilus()
        with translated():
            if task.market.events is None:
                from research.engines.nautilus.runner import run_on_bars

                return run_on_bars(task)
            from research.engines.nautilus.event_runner import run_on_events

            return run_on_events(task, task.market.events)

    @override
    def _execute_native(self, task: NativeTask) -> Execution:
        import_nautilus()
        with translated():
            from research.engines.nautilus.native import run_native

            return run_native(task)
