"""Engines by name, with and without their packages."""

import subprocess
import sys
from importlib.metadata import version
from inspect import signature
from typing import override

import pytest

from research.domain.backtest import Execution
from research.engines import registry
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import Capabilities
from research.engines.exceptions import EngineNotInstalled, UnknownEngine


class Absent(BacktestEngine):
    """An engine whose package nobody can install."""

    name = "absent"
    requirement = "assay-no-such-package"
    distributions = ("assay-no-such-package",)
    capabilities = Capabilities(bars=True)

    @override
    def _execute(self, task: Task) -> Execution:
        raise NotImplementedError


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{Absent.__module__}.{Absent.__qualname__}"
    monkeypatch.setitem(registry.ENGINES, "absent", path)


class TestGetEngine:
    @pytest.mark.parametrize("name", list(registry.ENGINES))
    def test_returns_the_engine_of_that_name(self, name: str) -> None:
        engine = registry.get_engine(name)

        assert isinstance(engine, BacktestEngine)
        assert engine.name == name
        assert registry.engine_version(name) == version(engine.distributions[0])

    @pytest.mark.parametrize("name", list(registry.ENGINES))
    def test_returns_one_that_keeps_to_the_contract(self, name: str) -> None:
        kind = type(registry.get_engine(name))

        assert kind.run is BacktestEngine.run
        assert signature(kind._execute) == signature(BacktestEngine._execute)

    def test_names_the_engines_there_are(self) -> None:
        with pytest.raises(UnknownEngine) as error:
            registry.get_engine("vectorbtt")

        assert error.value.exit_status == 2
        assert error.value.detail == (
            f"unknown engine 'vectorbtt'; known: {', '.join(registry.ENGINES)}"
        )

    @pytest.mark.usefixtures("absent")
    def test_says_how_to_get_one_that_is_not_installed(self) -> None:
        with pytest.raises(EngineNotInstalled) as error:
            registry.get_engine("absent")

        assert error.value.exit_status == 1
        assert error.value.detail == (
            "engine absent needs assay-no-such-package, which is not installed:"
            " pip install -r requirements.txt"
        )


class TestListEngines:
    def test_is_sorted_by_name(self) -> None:
        assert list(registry.ENGINES) == sorted(registry.ENGINES)

    @pytest.mark.usefixtures("absent")
    def test_shows_one_that_is_not_installed_and_how_to_get_it(self) -> None:
        shown = registry.list_engines()[-1].describe()

        assert (shown["name"], shown["version"], shown["installed"]) == ("absent", None, False)
        assert shown["install"] == "pip install -r requirements.txt"
        assert shown["capabilities"]["bars"] is True

    def test_imports_no_engine(self) -> None:
        script = (
            "import sys; from research.engines.registry import list_engines;"
            "assert list_engines()[0].capabilities;"
            "heavy = {'vectorbt', 'vectorbt_rust', 'numba', 'pandas', 'plotly', 'freqtrade',"
            " 'nautilus_trader', 'hftbacktest', 'ccxt', 'talib', 'pyarrow', 'django'};"
            "print(sorted(heavy & set(sys.modules)))"
        )

        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "[]"
