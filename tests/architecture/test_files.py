"""Files stay small and are named by what they hold."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "misc", "tools"}


def tracked_sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def production_sources() -> list[Path]:
    return [
        path
        for path in tracked_sources()
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts)
    ]


def test_no_production_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in production_sources()}

    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    assert [path for path in tracked_sources() if path.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("library", ["celery", "vectorbt", "freqtrade", "ccxt", "pandas"])
def test_no_package_is_named_after_a_library(library: str) -> None:
    allowed = {ROOT / "research" / "engines" / library, ROOT / "configs" / library}
    folders = {path.parent for path in tracked_sources()}

    assert [f for f in folders if f.name == library and f not in allowed] == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    home = re.compile(r"/(home|root|Users)/\w")
    named = [path for path in tracked_sources() if home.search(path.read_text())]

    assert named == []
