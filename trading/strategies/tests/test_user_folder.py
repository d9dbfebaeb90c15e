import sys
from pathlib import Path

import numpy as np
import pytest

from trading.strategies.base import Strategy
from trading.strategies.tests.market import make_bars
from trading.strategies.tests.user_files import GOOD, altered, write
from trading.strategies.user_folder import BrokenStrategy, load_user_strategies

# Lines count from the empty first one of the good file.
CLASS_LINE = 7

BROKEN = {
    "syntax": (altered("return 0\n", "return (\n"), 16, "SyntaxError: '(' was never closed"),
    "import": (
        altered("import numpy as np\n", "import numpyy as np\n"),
        2,
        "ModuleNotFoundError: No module named 'numpyy'",
    ),
    "raises": (altered('version = "1"', "version = 1 / 0"), 9, "ZeroDivisionError: division"),
    "exits": (f"import sys\nsys.exit(3)\n{GOOD}", 2, "SystemExit: 3"),
    "null byte": (f"{GOOD}\0", 1, "SyntaxError: source code string cannot contain null"),
    "no class": ("x = 1\n", 1, "defines no subclass of Strategy"),
    "empty": ("", 1, "defines no subclass of Strategy"),
    "only imported": (
        "from trading.strategies.library.sma_cross import SmaCross\n",
        1,
        "defines no subclass of Strategy",
    ),
    "two classes": (
        f"{GOOD}\n\nclass Other(Half):\n    key = 'other'\n",
        19,
        "defines 2 strategies, must be one: Half, Other",
    ),
    "no version": (altered('    version = "1"\n', ""), CLASS_LINE, "Half has no version"),
    "no summary": (
        altered('    summary = "Half in, half out"\n', ""),
        CLASS_LINE,
        "Half has no summary",
    ),
    "no key": (altered('    key = "half"\n', ""), CLASS_LINE, "Half has no key"),
    "bad key": (altered('"half"', '"Half-1"'), CLASS_LINE, "key is 'Half-1', must be lower case"),
    "version a number": (
        altered('version = "1"', "version = 1"),
        CLASS_LINE,
        "version is 1, must be one line of 1 to 32 characters",
    ),
    "blank summary": (
        altered('"Half in, half out"', '" "'),
        CLASS_LINE,
        "summary is ' ', must be one line",
    ),
    "no warm-up": (
        altered("def warm_up", "def warmup"),
        CLASS_LINE,
        "Half does not define warm_up",
    ),
    "negative warm-up": (
        altered("return 0\n", "return -1\n"),
        CLASS_LINE,
        "warm_up at the defaults is -1, must be a whole number >= 0",
    ),
    "warm-up raises": (
        altered("return 0\n", 'return params["period"]\n'),
        16,
        "KeyError: 'period'",
    ),
    "parameters a list": (
        altered('    version = "1"\n', '    version = "1"\n    parameters = []\n'),
        CLASS_LINE,
        "parameters is a list, must be a tuple",
    ),
    "parameters of another kind": (
        altered('    version = "1"\n', '    version = "1"\n    parameters = (3,)\n'),
        CLASS_LINE,
        "parameters holds 3, which is no parameter",
    ),
    "key of the library": (
        altered('"half"', '"sma_cross"'),
        CLASS_LINE,
        "key 'sma_cross' belongs to the platform's own library",
    ),
}


def _load(folder: Path) -> dict[str, object]:
    loaded = load_user_strategies(folder, reserved=["sma_cross"])
    return {**loaded.strategies, **{problem.path.name: problem for problem in loaded.problems}}


class TestLoadUserStrategies:
    def test_returns_what_a_file_defines(self, tmp_path: Path) -> None:
        write(tmp_path, "mine.py")

        loaded = load_user_strategies(tmp_path)

        half = loaded.strategies["half"]
        assert isinstance(half, Strategy)
        np.testing.assert_array_equal(half.targets(make_bars([1, 2]), {}), [0.5, 0.5])
        assert loaded.problems == ()

    @pytest.mark.parametrize("case", BROKEN)
    def test_names_file_line_and_reason_and_keeps_the_others(
        self, tmp_path: Path, case: str
    ) -> None:
        text, line, reason = BROKEN[case]
        path = write(tmp_path, "broken.py", text)
        write(tmp_path, "alike.py", altered('"half"', '"good"'))

        loaded = load_user_strategies(tmp_path, reserved=["sma_cross"])

        assert list(loaded.strategies) == ["good"]
        (problem,) = loaded.problems
        assert (problem.path, problem.line) == (path, line)
        assert problem.reason.startswith(reason)
        assert str(problem).startswith(f"{path}:{line}: {reason}")
        assert problem.extra == {"file": str(path), "line": line, "reason": problem.reason}

    def test_takes_neither_of_two_files_that_claim_one_key(self, tmp_path: Path) -> None:
        write(tmp_path, "a.py")
        write(tmp_path, "b.py", altered("0.5", "0.6"))
        write(tmp_path, "c.py", altered('"half"', '"good"'))

        loaded = load_user_strategies(tmp_path)

        assert list(loaded.strategies) == ["good"]
        assert [problem.reason for problem in loaded.problems] == [
            "key 'half' is also that of b.py",
            "key 'half' is also that of a.py",
        ]
        assert {problem.line for problem in loaded.problems} == {CLASS_LINE}

    def test_names_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "folder.py").mkdir()
        write(tmp_path, "mine.py")

        loaded = _load(tmp_path)

        assert "half" in loaded
        problem = loaded["folder.py"]
        assert isinstance(problem, BrokenStrategy)
        assert problem.reason == "cannot be read: Is a directory"

    def test_passes_over_hidden_files_other_files_and_folders(self, tmp_path: Path) -> None:
        for name in ("_shared.py", ".hidden.py", "notes.txt"):
            write(tmp_path, name, "not Python (")
        (tmp_path / "inner").mkdir()
        write(tmp_path / "inner", "deep.py")

        assert _load(tmp_path) == {}

    def test_finds_nothing_in_a_folder_that_does_not_exist(self, tmp_path: Path) -> None:
        assert _load(tmp_path / "nowhere") == {}

    def test_leaves_out_a_base_class_that_is_marked_private(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            "mine.py",
            GOOD.replace("Half", "_Base") + "\n\nclass Mine(_Base):\n    pass\n",
        )

        assert list(_load(tmp_path)) == ["half"]

    def test_runs_the_file_as_it_is_now_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        path = write(tmp_path, "mine.py")
        load_user_strategies(tmp_path)
        # The same size in the same second: a compiled copy would be taken for current.
        path.write_text(altered("0.5", "0.7"), encoding="utf-8")

        half = load_user_strategies(tmp_path).strategies["half"]

        assert isinstance(half, Strategy)
        assert half.targets(make_bars([1]), {}).tolist() == [0.7]
        assert [file.name for file in tmp_path.iterdir()] == ["mine.py"]

    def test_lets_a_file_define_dataclasses(self, tmp_path: Path) -> None:
        text = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        text += "from typing import ClassVar\n\n@dataclass(slots=True)\nclass Level:\n"
        text += "    name: ClassVar[str]\n    price: float\n"
        write(tmp_path, "mine.py", text + GOOD)

        assert list(_load(tmp_path)) == ["half"]

    def test_forgets_the_module_of_a_broken_file(self, tmp_path: Path) -> None:
        write(tmp_path, "broken_and_gone.py", "1 / 0\n")

        load_user_strategies(tmp_path)

        assert not [name for name in sys.modules if "broken_and_gone" in name]
