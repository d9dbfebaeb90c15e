"""Imports without the collector and without declined packages."""

import gc
import importlib
import sys

import pytest

from common.domain.loading import light_import


class TestLightImport:
    def test_declines_a_package_inside_the_block_only(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "wsgiref"]:
            monkeypatch.delitem(sys.modules, name)

        with (
            light_import("wsgiref"),
            pytest.raises(ModuleNotFoundError, match=r"wsgiref is not imported here"),
        ):
            importlib.import_module("wsgiref.util")

        assert importlib.import_module("wsgiref.util").__name__ == "wsgiref.util"

    def test_leaves_the_collector_as_it_was(self) -> None:
        assert gc.isenabled()

        with light_import():
            assert not gc.isenabled()

        assert gc.isenabled()

    def test_leaves_what_was_imported_to_no_collector(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delitem(sys.modules, "colorsys", raising=False)
        before = gc.get_freeze_count()

        with light_import():
            pass
        assert gc.get_freeze_count() == before

        with light_import():
            importlib.import_module("colorsys")
        assert gc.get_freeze_count() > before
        gc.unfreeze()

    def test_leaves_no_finder_behind_when_an_import_fails(self) -> None:
        before = list(sys.meta_path)

        with pytest.raises(ModuleNotFoundError), light_import("wsgiref"):
            importlib.import_module("assay_no_such_module")

        assert sys.meta_path == before
        assert gc.isenabled()
