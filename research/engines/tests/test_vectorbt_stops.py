"""Stops on vectorbt: rows of their own, found from its fills until nothing changes."""

import numpy as np
import pytest

from common.domain.costs import Rebalance
from common.domain.enums import FillReason
from research.domain.backtest import Market
from research.engines.base import Task
from research.engines.tests.conformance import FREE, facts
from research.engines.tests.scripted import ask, quoted
from research.engines.vectorbt.engine import VectorbtEngine
from research.engines.vectorbt.inputs import Stop, build_inputs
from research.engines.vectorbt.rounds import settle
from trading.strategies.base import StopSpec

pytestmark = pytest.mark.engine("vectorbt")

FLAT, DOWN = (100, 100, 100, 100), (95, 97, 85, 88)
TENTH = StopSpec(stop_loss=0.1)


def task(targets: list[float], bars: Market, stop: StopSpec = TENTH) -> Task:
    request = ask(targets, stop=stop, costs=FREE)
    return Task(request=request, market=bars, targets=np.array(targets), stops=stop)


class TestRowsOfStops:
    bars = quoted(FLAT, FLAT, DOWN, FLAT)

    def test_come_after_the_open_of_their_bar(self) -> None:
        stop = Stop(2, 90.0, FillReason.STOP_LOSS)

        inputs = build_inputs(task([0.5, 0.5, 0, 0], self.bars), (stop,))

        assert inputs.bar.tolist() == [0, 1, 2, 2, 3]
        assert inputs.reason.tolist() == [0, 0, 0, FillReason.STOP_LOSS, 0]
        assert inputs.price.tolist() == [100, 100, 95, 90, 100]
        np.testing.assert_equal(inputs.size, [np.nan, 0.5, np.nan, 0, 0])

    def test_silence_targets_until_they_change_where_every_one_is_an_order(self) -> None:
        bars = quoted(*[FLAT] * 6)
        targets = [0.5, 0.5, 0.5, 0.5, 0.3, 0.3]
        request = ask(targets, stop=TENTH, costs=FREE, rebalance=Rebalance.EVERY_BAR)
        asked = Task(request=request, market=bars, targets=np.array(targets), stops=TENTH)

        inputs = build_inputs(asked, (Stop(2, 90.0, FillReason.STOP_LOSS),))

        nan = np.nan
        np.testing.assert_equal(inputs.size, [nan, 0.5, 0.5, 0, nan, nan, 0.3])


class TestSettle:
    def test_finds_the_stop_of_a_position_that_an_earlier_stop_makes(self) -> None:
        # Without the stop at 90 the target of 0.25 only sells; with it, it buys at 100,
        # and that falls to its own 90 in the last bar, of which the first run knew nothing.
        bars = quoted(FLAT, FLAT, DOWN, FLAT, FLAT, DOWN)

        inputs, _ = settle(task([0.5, 0.5, 0.5, 0.25, 0.25, 0.25], bars))

        assert inputs.bar[inputs.reason != FillReason.TARGET].tolist() == [2, 5]

    def test_takes_a_level_as_it_is_written(self) -> None:
        # 110 is 100 * 1.1, though not in binary: 100 * (1 + 0.1) is 110.00000000000001.
        assert 100 * (1 + 0.1) > 110
        bars = quoted(FLAT, FLAT, (100, 110, 100, 100))
        aim = StopSpec(take_profit=0.1)

        result = VectorbtEngine().run(ask([0.5] * 3, stop=aim, costs=FREE), bars)

        assert facts(result) == [(1, 1, 100, 50, 0), (2, -1, 110, 50, 0)]
        assert result.fills["price"][-1] == 110
