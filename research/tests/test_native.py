"""A person's own strategy file: named by its bytes, refused where an engine runs none."""

from pathlib import Path

import pytest

from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument
from research.domain.question import NativeSource
from research.tests.conftest import Ask
from trading.models import StrategyVersion
from trading.services.catalogue import sync_strategies


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text("class Mine:\n    pass\n")
    return path


class TestSource:
    def test_is_a_file_and_a_class(self, file: Path) -> None:
        assert NativeSource.parse(f"{file}:Mine") == NativeSource(file, "Mine")

    @pytest.mark.parametrize("text", ["{file}", "{file}:", "{file}:not a name", "gone.py:Mine"])
    def test_must_name_both(self, file: Path, text: str) -> None:
        with pytest.raises(InvalidArgument, match="--native"):
            NativeSource.parse(text.format(file=file))

    def test_has_a_lineage_of_its_engine_and_class(self, file: Path) -> None:
        assert NativeSource(file, "Mine").key("freqtrade") == "native_freqtrade_mine"


@pytest.mark.django_db
@pytest.mark.engine("vectorbt")
class TestRun:
    def test_is_refused_and_recorded_where_the_engine_runs_no_files(
        self, ask: Ask, file: Path
    ) -> None:
        run = ask(strategy_key="", native=NativeSource.parse(f"{file}:Mine"))

        assert (run.status, run.error_code) == (RunStatus.REFUSED, "unsupported_feature")
        assert "vectorbt does not support native" in run.error_detail
        assert (run.kind, run.sizing, run.rebalance) == ("NATIVE", "native", "native")
        assert run.strategy_version.strategy.key == "native_vectorbt_mine"

    def test_is_never_offered_in_a_list(self, ask: Ask, file: Path) -> None:
        ask(strategy_key="", native=NativeSource.parse(f"{file}:Mine"))

        keys = [description.key for description in sync_strategies().strategies]

        assert "native_vectorbt_mine" not in keys
        version = StrategyVersion.objects.get(strategy__key="native_vectorbt_mine")
        assert (version.origin, version.contract, version.is_present) == (
            "native",
            "native",
            False,
        )

    def test_another_content_is_another_version(self, ask: Ask, file: Path) -> None:
        first = ask(strategy_key="", native=NativeSource.parse(f"{file}:Mine"))
        file.write_text("class Mine:\n    changed = True\n")
        second = ask(strategy_key="", native=NativeSource.parse(f"{file}:Mine"))

        assert first.input_hash != second.input_hash
        assert first.strategy_version_id != second.strategy_version_id
