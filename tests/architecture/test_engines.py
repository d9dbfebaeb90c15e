"""Every engine is listed, documented, proven and cheap to list."""

import subprocess
import sys

import pytest

from research.engines.registry import ENGINES, list_engines
from research.engines.tests.conftest import ON_BARS
from tests.architecture.test_files import ROOT

FOLDER = ROOT / "research" / "engines"


def test_the_list_is_sorted() -> None:
    assert list(ENGINES) == sorted(ENGINES)


@pytest.mark.parametrize("name", list(ENGINES))
def test_every_engine_is_proven(name: str) -> None:
    own = list((FOLDER / "tests").glob(f"test_{name}*.py"))

    assert own != []
    on_bars = {engine.name: engine.capabilities["bars"] for engine in list_engines()}[name]
    assert (name in ON_BARS) is on_bars


@pytest.mark.parametrize("name", list(ENGINES))
def test_no_engine_imports_its_framework_to_be_listed(name: str) -> None:
    module, _, kind = ENGINES[name].rpartition(".")
    script = (
        f"import sys; from {module} import {kind}; {kind}().capabilities;"
        "heavy = {'freqtrade', 'nautilus_trader', 'vectorbt', 'hftbacktest', 'numba', 'pandas',"
        " 'ccxt', 'django'}; print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
