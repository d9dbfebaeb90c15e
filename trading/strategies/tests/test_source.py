import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from trading.strategies.library import sma_cross
from trading.strategies.registry import LIBRARY, get_definition
from trading.strategies.source import UnknownSource, source_hash
from trading.strategies.tests.user_files import GOOD, altered, write
from trading.strategies.user_folder import load_user_strategies


class TestSourceHash:
    @pytest.mark.parametrize("key", LIBRARY)
    def test_is_that_of_the_file_of_the_librarys_module(self, key: str) -> None:
        source = (Path(sma_cross.__file__).parent / f"{key}.py").read_bytes()

        assert source_hash(get_definition(key)) == sha256(source).hexdigest()

    def test_is_that_of_the_bytes_that_run_whatever_the_file_holds_by_now(
        self, tmp_path: Path
    ) -> None:
        path = write(tmp_path, "mine.py")
        half = load_user_strategies(tmp_path).strategies["half"]
        path.write_text(altered("0.5", "0.6"), encoding="utf-8")

        assert source_hash(half) == sha256(GOOD.encode()).hexdigest()
        changed = load_user_strategies(tmp_path).strategies["half"]
        assert source_hash(changed) == sha256(altered("0.5", "0.6").encode()).hexdigest()

    def test_tells_two_files_of_one_name_apart(self, tmp_path: Path) -> None:
        folders = [tmp_path / "a", tmp_path / "b"]
        loaded = []
        for folder, text in zip(folders, (GOOD, altered("0.5", "0.6")), strict=True):
            folder.mkdir()
            write(folder, "mine.py", text)
            loaded.append(load_user_strategies(folder).strategies["half"])

        hashes = [source_hash(definition) for definition in loaded]
        assert hashes[0] != hashes[1]

    def test_refuses_a_strategy_that_comes_from_no_file(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = type("Made", (sma_cross.SmaCross,), {"__module__": "made_up"})
        with pytest.raises(UnknownSource, match="strategy sma_cross comes from no file"):
            source_hash(made())

        monkeypatch.setitem(sys.modules, "made_up", SimpleNamespace(__spec__=None))
        with pytest.raises(UnknownSource, match="comes from no file"):
            source_hash(made())
