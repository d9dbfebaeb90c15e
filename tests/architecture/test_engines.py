"""Every engine is listed, documented, proven and cheap to list."""

import subprocess
import sys

import pytest

from research.engines.registry import ENGINES, list_engines
from research.engines.tests.conftest import ON_BARS
from tests.architecture.test_files import ROOT

FOLDER = ROOT / "research" / "engines"
# Takes the packages of all engines away, then collects what is left.
WITHOUT_ENGINES = """
import importlib.metadata as metadata, os, sys
names = {"freqtrade", "hftbacktest", "nautilus_trader", "vectorbt", "vectorbt-rust", "vectorbt_rust"}
found = metadata.version
def version(name):
    if name in names:
        raise metadata.PackageNotFoundError(name)
    return found(name)
metadata.version = version
class Absent:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in names:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
os.environ.pop("CI", None)
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "research/engines"]))
"""


def test_the_list_is_sorted_and_holds_every_adapter() -> None:
    adapters = sorted(path.parent.name for path in FOLDER.glob("*/engine.py"))

    assert list(ENGINES) == adapters


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


@pytest.mark.slow
def test_the_tests_are_collected_where_no_engine_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ENGINES],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", list(ENGINES))
def test_every_engine_has_a_page(name: str) -> None:
    page = ROOT / "docs" / "engines" / f"{name}.md"

    assert page.read_text().startswith("# ")
