"""Which sources and libraries make a run equal to another."""

from pathlib import Path
from typing import Any

import pytest

from research.selectors.runs import find_equal
from research.services.provenance import code_hash, judging_hash, lock_hash
from research.tests.conftest import Ask


@pytest.fixture
def tree(settings: Any, tmp_path: Path) -> Path:
    """A platform of a few files."""
    settings.BASE_DIR = tmp_path
    settings.LOCK_FILE = tmp_path / "requirements.txt"
    settings.LOCK_FILE.write_text("numpy==2.2.6\n")
    for name in ("portfolio/metrics/ratios.py", "trading/strategies/library/sma_cross.py",
                 "research/engines/tests/test_base.py", "research/models.py"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one = 1\n")
    return tmp_path


@pytest.fixture(autouse=True)
def fresh() -> Any:
    code_hash.cache_clear()
    lock_hash.cache_clear()
    yield
    code_hash.cache_clear()
    lock_hash.cache_clear()


class TestCodeHash:
    def after(self, path: Path, text: str) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        code_hash.cache_clear()
        return code_hash()

    @pytest.mark.parametrize(
        "name", ["portfolio/metrics/ratios.py", "common/domain/new.py", "research/engines/a/b.py"]
    )
    def test_is_another_when_what_decides_a_result_is(self, tree: Path, name: str) -> None:
        assert code_hash() != self.after(tree / name, "two = 2\n")

    @pytest.mark.parametrize(
        "name",
        [
            "research/engines/tests/test_base.py",
            "research/models.py",
            # It has a source hash of its own.
            "trading/strategies/library/sma_cross.py",
            "portfolio/metrics/notes.txt",
        ],
    )
    def test_is_the_same_when_anything_else_is(self, tree: Path, name: str) -> None:
        assert code_hash() == self.after(tree / name, "two = 2\n")

    def test_knows_a_file_by_its_name_too(self, tree: Path) -> None:
        before = code_hash()
        (tree / "portfolio/metrics/ratios.py").rename(tree / "portfolio/metrics/other.py")
        code_hash.cache_clear()

        assert code_hash() != before


@pytest.mark.django_db
@pytest.mark.engine("vectorbt")
class TestFindEqual:
    def test_finds_a_run_only_on_equal_code_and_libraries(self, ask: Ask) -> None:
        run = ask()
        equal = {
            "input_hash": run.input_hash, "code_hash": code_hash(), "lock_hash": lock_hash(),
        }  # fmt: skip

        assert find_equal(**equal) == run
        for name in equal:
            assert find_equal(**{**equal, name: "0" * 64}) is None

    def test_finds_no_run_that_was_refused(self, ask: Ask) -> None:
        run = ask(params={"allow_short": "true"})

        found = find_equal(input_hash=run.input_hash, code_hash=code_hash(), lock_hash=lock_hash())
        assert found is None


def test_what_judges_is_part_of_another_hash_than_what_makes_results(tree: Path) -> None:
    gates = tree / "research" / "validation" / "gates.py"
    gates.parent.mkdir(parents=True, exist_ok=True)

    def both() -> tuple[str, str]:
        code_hash.cache_clear()
        judging_hash.cache_clear()
        return code_hash(), judging_hash()

    gates.write_text("one = 1\n", encoding="utf-8")
    before = both()
    gates.write_text("two = 2\n", encoding="utf-8")
    after = both()
    judging_hash.cache_clear()

    assert after[0] == before[0] != before[1]
    assert after[1] != before[1]
