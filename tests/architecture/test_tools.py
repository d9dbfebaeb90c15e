"""Every tool of validation is listed, documented and tried."""

import re
import subprocess
import sys

import pytest

from research.examination.registry import TOOLS, get_tool, list_tools
from tests.architecture.test_files import ROOT

FOLDER = ROOT / "research" / "examination"
PAGE = ROOT / "docs" / "validation.md"


def test_the_list_is_sorted_and_holds_every_tool() -> None:
    files = {path.stem for path in FOLDER.glob("*.py") if "\nTOOL: Final" in path.read_text()}

    assert list(TOOLS) == sorted(files)
    assert [tool.key for tool in list_tools()] == list(TOOLS)


@pytest.mark.parametrize("key", list(TOOLS))
def test_every_tool_has_a_section_that_says_what_it_cannot_see(key: str) -> None:
    tool = get_tool(key)
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)
    wanted = re.compile(rf"(^|; ){key}, of a {tool.subject}")

    (section,) = [each for each in sections if wanted.search(each.partition("\n")[0])]

    assert "*Cannot see*" in section


@pytest.mark.parametrize("key", list(TOOLS))
def test_every_tool_is_tried_by_itself(key: str) -> None:
    tests = [path.read_text() for path in (FOLDER / "tests").glob("test_*.py")]
    named = re.compile(rf"research\.examination(\.{key} import| import [\w, ]*\b{key}\b)")

    assert any(named.search(text) for text in tests)


def test_no_tool_loads_a_framework_to_be_listed() -> None:
    script = (
        "import sys; from research.examination.registry import list_tools;"
        "[tool.describe() for tool in list_tools()];"
        "heavy = {'freqtrade', 'nautilus_trader', 'vectorbt', 'hftbacktest', 'numba', 'pandas',"
        " 'ccxt', 'django', 'celery'}; print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
