import subprocess
import sys
from pathlib import Path

import pytest

from trading.strategies.base import Contract
from trading.strategies.library.quote_both_sides import QuoteBothSides
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.registry import (
    LIBRARY,
    UnknownStrategy,
    WrongContract,
    get_definition,
    get_quoting_strategy,
    get_strategy,
    list_strategies,
)
from trading.strategies.source import source_hash
from trading.strategies.tests.user_files import altered, write
from trading.strategies.user_folder import BrokenStrategy

KEYS = [
    "bollinger_reversion",
    "buy_and_hold",
    "donchian_breakout",
    "ema_adx",
    "quote_both_sides",
    "rsi_reversion",
    "sma_cross",
    "vol_target_momentum",
]


class TestLibrary:
    def test_is_sorted_and_complete(self) -> None:
        assert list(LIBRARY) == KEYS

    def test_holds_every_module_of_its_folder(self) -> None:
        folder = Path(sys.modules["trading.strategies.library"].__path__[0])

        assert sorted(p.stem for p in folder.glob("[!_]*.py")) == KEYS

    @pytest.mark.parametrize("key", KEYS)
    def test_gives_each_strategy_under_its_own_key(self, key: str) -> None:
        assert get_definition(key).key == key


class TestGetStrategy:
    def test_returns_one_of_the_library(self) -> None:
        assert isinstance(get_strategy("sma_cross"), SmaCross)

    def test_returns_a_users(self, tmp_path: Path) -> None:
        write(tmp_path, "mine.py")

        assert get_strategy("half", tmp_path).summary == "Half in, half out"

    def test_runs_no_users_file_for_one_of_the_library(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            "leaves_a_trace.py",
            "import pathlib\npathlib.Path('{p}').touch()".format(p=tmp_path / "trace"),
        )

        get_strategy("sma_cross", tmp_path)
        assert not (tmp_path / "trace").exists()

        list_strategies(tmp_path)
        assert (tmp_path / "trace").exists()

    def test_names_what_is_spelt_alike(self, tmp_path: Path) -> None:
        write(tmp_path, "mine.py", altered('"half"', '"sma_crass"'))

        with pytest.raises(UnknownStrategy) as refusal:
            get_strategy("sma_cros", tmp_path)

        assert str(refusal.value) == (
            "unknown strategy 'sma_cros'; did you mean sma_cross or sma_crass?"
        )
        assert refusal.value.extra == {"strategy": "sma_cros", "near": ["sma_cross", "sma_crass"]}
        assert refusal.value.exit_status == 2

    def test_lists_all_where_nothing_is_alike(self) -> None:
        with pytest.raises(
            UnknownStrategy, match=r"unknown strategy 'xyz'; there are: boll.*, vol"
        ):
            get_strategy("xyz")

    def test_says_which_files_may_hide_an_unknown_one(self, tmp_path: Path) -> None:
        write(tmp_path, "torn.py", "class (")

        with pytest.raises(UnknownStrategy, match=r"\(broken files: torn.py\)$"):
            get_strategy("half", tmp_path)

    @pytest.mark.parametrize(
        "text",
        [
            altered("return 0\n", "return (\n"),
            altered("import numpy as np\n", "import numpyy as np\n"),
            altered('    version = "1"\n', ""),
        ],
        ids=["syntax", "import", "version"],
    )
    def test_raises_what_is_wrong_with_the_file_that_names_the_key(
        self, tmp_path: Path, text: str
    ) -> None:
        write(tmp_path, "mine.py", text)

        with pytest.raises(BrokenStrategy, match=r"mine.py:\d+: "):
            get_strategy("half", tmp_path)

    def test_raises_what_is_wrong_with_the_file_of_that_name(self, tmp_path: Path) -> None:
        write(tmp_path, "half.py", "class (")

        with pytest.raises(BrokenStrategy, match=r"half\.py:1: SyntaxError"):
            get_strategy("half", tmp_path)

    def test_refuses_a_quoting_strategy_and_the_other_way_round(self) -> None:
        with pytest.raises(WrongContract, match="answers with quotes, not with targets"):
            get_strategy("quote_both_sides")
        with pytest.raises(WrongContract, match="answers with targets, not with quotes"):
            get_quoting_strategy("sma_cross")

    def test_returns_a_quoting_strategy_where_quotes_are_wanted(self) -> None:
        assert isinstance(get_quoting_strategy("quote_both_sides"), QuoteBothSides)


class TestListStrategies:
    def test_describes_the_library(self) -> None:
        listed = {one.key: one for one in list_strategies().strategies}

        assert list(listed) == KEYS
        assert {one.origin for one in listed.values()} == {"library"}
        cross = listed["sma_cross"]
        assert (cross.version, cross.contract, cross.warm_up) == ("1", Contract.TARGETS, 49)
        assert cross.source_hash == source_hash(get_strategy("sma_cross"))
        assert cross.parameters == [
            {"name": "fast", "type": "int", "default": 10, "low": 1, "high": 5_000},
            {"name": "slow", "type": "int", "default": 50, "low": 2, "high": 10_000},
            {"name": "allow_short", "type": "choice", "default": False, "choices": [False, True]},
        ]

    def test_names_the_contract_of_what_quotes(self) -> None:
        quoting = [one for one in list_strategies().strategies if one.contract == "quotes"]

        assert [(one.key, one.warm_up) for one in quoting] == [("quote_both_sides", 0)]

    def test_adds_a_users_and_what_is_wrong_with_the_others(self, tmp_path: Path) -> None:
        write(tmp_path, "mine.py")
        write(tmp_path, "torn.py", "class (")

        listed = list_strategies(tmp_path)

        origins = {one.key: one.origin for one in listed.strategies}
        assert list(origins) == sorted([*KEYS, "half"])
        assert origins["half"] == "user"
        assert [problem.path.name for problem in listed.problems] == ["torn.py"]


class TestImports:
    def test_of_registry_and_library_load_nothing_heavy(self) -> None:
        code = (
            "import sys\n"
            "from trading.strategies.registry import LIBRARY, get_definition\n"
            "for key in LIBRARY: get_definition(key)\n"
            "print(sorted({'talib', 'pandas', 'pyarrow', 'numba', 'django'} & set(sys.modules)))"
        )
        root = Path(__file__).parents[3]

        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
        )

        assert done.stdout == "[]\n"
