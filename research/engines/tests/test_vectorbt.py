"""What is vectorbt's own: its Rust path, its rounding, its errors."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel
from research.domain.backtest import Market
from research.engines.base import Task
from research.engines.exceptions import EngineFailed
from research.engines.tests.canonical import compare, execute
from research.engines.tests.scripted import ask, market
from research.engines.vectorbt.engine import VectorbtEngine
from research.engines.vectorbt.errors import translated
from research.engines.vectorbt.inputs import build_inputs
from research.engines.vectorbt.outputs import lost_cash
from research.engines.vectorbt.runner import simulate

pytestmark = pytest.mark.engine("vectorbt")

FREE = CostModel(fee_rate=0.0)


def walk(count: int) -> Market:
    """Return bars around 100, whose default lot is worth 1e-9 of a cash of 1,000."""
    chance = np.random.default_rng(11)
    closes = 100 * np.exp(0.01 * np.sin(np.arange(count) / 50) + chance.normal(0, 0.001, count))
    return market(np.concatenate([[100.0], closes[:-1]]), closes)


def alternating(count: int) -> list[float]:
    return [float(row % 2) for row in range(count)]


class TestLostCash:
    def test_of_many_buys_with_all_cash_is_seen(self) -> None:
        count = 4_000
        task = Task(
            request=ask(alternating(count), cash=1_000.0, costs=FREE),
            market=walk(count),
            targets=np.array(alternating(count)),
        )

        inputs = build_inputs(task)
        plain = build_inputs(task, whole_lots=False)

        assert lost_cash(simulate(inputs), inputs) > 1e-7
        assert lost_cash(simulate(plain), plain) < 1e-12

    def test_is_kept_out_of_the_result(self) -> None:
        count = 4_000
        bars, request = walk(count), ask(alternating(count), cash=1_000.0, costs=FREE)
        expected = execute(request, bars, np.array(alternating(count)))

        result = VectorbtEngine().run(request, bars)

        assert len(result.fills) == count - 2
        assert compare(fills=result.fills, expected=expected, market=bars, cash=1_000.0) == []
        assert result.equity[-1] == pytest.approx(expected.equity[-1], rel=3e-8)

    def test_is_nothing_without_fills(self) -> None:
        task = Task(request=ask([0, 0]), market=market([1, 1]), targets=np.zeros(2))
        inputs = build_inputs(task)

        assert lost_cash(simulate(inputs), inputs) == 0


class TestWholeLots:
    @pytest.mark.parametrize("lot", ["1e-8", "0.001", "0.05", "1"])
    def test_are_all_that_is_held(self, lot: str) -> None:
        bars = replace(walk(300), instrument=market([1], lot=lot).instrument)
        chance = np.random.default_rng(3)
        targets = chance.choice([-1, -0.3, 0, 0.7, 1], 300)
        request = ask(targets, cash=9_000.0, account=AccountType.MARGIN)

        result = VectorbtEngine().run(request, bars)

        lots = result.fills["quantity"] / float(lot)
        assert len(lots) > 200
        assert np.abs(lots - np.rint(lots)).max() < 1e-4

    def test_fills_of_nothing_are_left_out(self) -> None:
        # Cash pays for no lot of 1 at 20,000, so the buy is cut to nothing.
        bars = market([9_000, 20_000, 20_000], lot="1")

        result = VectorbtEngine().run(ask([1, 1, 1]), bars)

        assert len(result.fills) == 0
        assert result.skipped_orders == 0


class TestErrors:
    def test_of_vectorbt_are_translated_with_their_cause(self) -> None:
        # Only a run that accepts dirty data can get as far as this with such a price.
        bars = market([100, -100, 100], [100, 100, 100])

        with pytest.raises(EngineFailed, match="vectorbt failed: ValueError") as error:
            VectorbtEngine().run(ask([1, 1, 1]), bars)

        assert isinstance(error.value.__cause__, ValueError)

    def test_of_others_pass_through(self) -> None:
        with pytest.raises(KeyboardInterrupt), translated():
            raise KeyboardInterrupt


class TestColdStart:
    def test_compiles_nothing_and_imports_neither_widgets_nor_ccxt(self) -> None:
        script = (
            "import numba.core.compiler as compiler, sys\n"
            "def refuse(*args, **kwargs): raise AssertionError('numba compiles')\n"
            "compiler.compile_extra = refuse\n"
            "from research.engines.registry import get_engine\n"
            "from research.engines.tests.scripted import ask, market\n"
            "result = get_engine('vectorbt').run(ask([1, 0, 0]), market([100, 100, 120]))\n"
            "loaded = {'ccxt', 'ipywidgets', 'anywidget'} & set(sys.modules)\n"
            "print(len(result.fills), sorted(loaded))\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "2 []"
