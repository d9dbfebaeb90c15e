"""Every registered engine on bars, and the exact recomputation, through the conformance suite."""

from typing import override

import numpy as np
import pytest

from common.domain.costs import Rebalance
from research.domain.backtest import Execution
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import Capabilities
from research.engines.memory import MemoryModel
from research.engines.tests.canonical import execute
from research.engines.tests.conformance import FREE, EngineConformance, facts
from research.engines.tests.conformance_funding import FundingConformance
from research.engines.tests.conformance_stops import FLAT, StopConformance
from research.engines.tests.scripted import ask, quoted
from trading.strategies.base import StopSpec


class Recomputation(BacktestEngine):
    """The exact recomputation as an engine, so that the cases worked by hand judge it too."""

    name = "recomputation"
    requirement = "numpy"
    distributions = ("numpy",)
    capabilities = Capabilities(
        bars=True, short_selling=True, stops=True, funding=True, every_bar=True
    )
    memory = MemoryModel(base=0, per_bar=0)

    @override
    def _execute(self, task: Task) -> Execution:
        done = execute(task.request, task.market, task.exposures)
        # Where it is ruined it ends; what an engine reports of later bars is cut.
        rest = len(task.market.period) - len(done.equity)
        return Execution(
            fills=done.fills,
            equity=np.append(
                done.equity,
                done.cash + done.quantity * task.market.period.close[-rest:] if rest else [],
            ),
            cash=done.cash,
            quantity=done.quantity,
            skipped_ns=np.zeros(done.skipped, np.int64),
            funding=done.funding,
        )


class TestEveryEngine(EngineConformance):
    """The suite, once for each engine of the registry."""


class TestStopsOfEveryEngine(StopConformance):
    """Stops, once for each engine of the registry."""


class TestFundingOfEveryEngine(FundingConformance):
    """Funding, once for each engine of the registry."""


class TestTheRecomputation(EngineConformance, StopConformance, FundingConformance):
    """What the engines are compared with passes every case itself."""

    @pytest.fixture
    def engine(self) -> BacktestEngine:
        """Replace the engines of the registry."""
        return Recomputation()

    def test_waits_for_another_target_where_it_orders_at_every_bar(
        self, engine: BacktestEngine
    ) -> None:
        # Stopped at 90 in bar 2; 0.5 at each close is no news, 0.25 of 9,500 is 23.75.
        bars = quoted(FLAT, FLAT, (95, 97, 85, 88), *[FLAT] * 3)
        stop = StopSpec(stop_loss=0.1)
        targets = [0.5, 0.5, 0.5, 0.5, 0.25, 0.25]

        result = engine.run(
            ask(targets, stop=stop, costs=FREE, rebalance=Rebalance.EVERY_BAR), bars
        )

        assert facts(result) == [(1, 1, 100, 50, 0), (2, -1, 90, 50, 0), (5, 1, 100, 23.75, 0)]
