"""What is vectorbt's own: its Rust path and its errors."""

import subprocess
import sys

import pytest

from research.engines.exceptions import EngineFailed
from research.engines.tests.scripted import ask, market
from research.engines.vectorbt.engine import VectorbtEngine
from research.engines.vectorbt.errors import translated

pytestmark = pytest.mark.engine("vectorbt")


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


class TestMemory:
    def test_is_predicted_for_an_order_at_every_bar(self) -> None:
        script = (
            "from common.domain.memory import peak_rss_bytes\n"
            "from research.engines.registry import get_engine\n"
            "from research.engines.tests.scripted import ask, market\n"
            "bars = market([100.0, 101.0] * 30_000)\n"
            "result = get_engine('vectorbt').run(ask([0.0, 1.0] * 30_000), bars)\n"
            "print(len(result.fills), peak_rss_bytes())\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        fills, peak = map(int, done.stdout.split())
        assert fills == 59_998
        assert peak <= VectorbtEngine.memory.predict(bars=60_000) <= 1.25 * peak
