"""What long work is done with: where bars are read, and who runs the code of strategies."""

from collections.abc import Callable
from dataclasses import dataclass

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from research.engines.base import Progress, ignore_progress
from research.exceptions import WorkerStopping
from research.services.benches import Bench, ChildBench, TerminalBench
from research.services.execution import Stopping
from research.services.executors import ChildExecutor, Executor, TerminalExecutor


def never() -> bool:
    """Return False: nobody asks this process to end."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a process works with.

    Parameters
    ----------
    is_worker
        Whether it is a worker's, which runs strategies in children and holds leases.
    is_stopping
        Tells a worker that it is to end; it may raise what ends the work at hand.
    progress
        Takes the fraction done.
    """

    store: SeriesStore
    clock: Clock
    is_worker: bool = False
    is_stopping: Stopping = never
    progress: Progress = ignore_progress

    def tick(self, progress: float) -> None:  # noqa: ARG002 - of a child, not of the whole
        """End the child that works where the worker is to end.

        Raises
        ------
        WorkerStopping
            If it is.
        """
        if self.is_stopping():
            raise WorkerStopping

    def bench(self, tick: Callable[[float], None]) -> Bench:
        """Return where strategies are run."""
        return ChildBench(tick) if self.is_worker else TerminalBench()

    def executor(self) -> Executor:
        """Return who runs what a comparison or a verdict is made of."""
        if not self.is_worker:
            return TerminalExecutor(store=self.store, clock=self.clock)
        return ChildExecutor(store=self.store, clock=self.clock, is_stopping=self.is_stopping)
