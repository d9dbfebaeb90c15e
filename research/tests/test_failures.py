"""What goes wrong during a run is in its row, and what was wrong is said."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from common.domain.enums import RunStatus
from research.exceptions import UnexpectedFailure
from research.models import Artefact, Run
from research.services.provenance import provenance
from research.tests.conftest import Ask

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.both_databases,
]

STRATEGY = '''
"""One that goes wrong."""

import numpy as np

from trading.strategies.base import Strategy


class Odd(Strategy):
    """Goes wrong."""

    key = "odd"
    version = "1"
    summary = "Goes wrong"

    def warm_up(self, params):
        return 0

    def targets(self, bars, params):
        targets = np.ones(len(bars))
        {body}
        return targets
'''


@pytest.fixture
def odd(ask: Ask, installation: Path) -> Ask:
    """Return a function that runs a strategy with this body."""

    def run(body: str) -> Any:
        folder = installation / "strategies"
        folder.mkdir(exist_ok=True)
        (folder / "odd.py").write_text(STRATEGY.replace("{body}", body), encoding="utf-8")
        return ask(strategy_key="odd")

    return run


class TestStrategies:
    @pytest.mark.parametrize(
        ("body", "detail"),
        [
            ("raise KeyError('oops')", "KeyError: 'oops' (odd.py, line 21)"),
            ("raise SystemExit(0)", "SystemExit: 0 (odd.py, line 21)"),
            ("bars.close[0] = 1.0", "ValueError: assignment destination is read-only"),
            ("np.ones(10**15)", "MemoryError"),
            ("raise ValueError('a\\x00b\\udcff')", r"ValueError: a\x00b\udcff (odd.py, line 21)"),
        ],
    )
    def test_one_that_raises_fails_the_run_and_names_the_line(
        self, odd: Ask, body: str, detail: str
    ) -> None:
        with pytest.raises(UnexpectedFailure) as failure:
            odd(body)

        run = Run.objects.get()
        assert (run.status, run.error_code) == (RunStatus.FAILED, "unexpected_failure")
        assert detail in run.error_detail
        assert failure.value.extra == {"run_id": run.pk}
        assert failure.value.__cause__ is not None
        assert run.timings["total_s"] > 0
        assert (run.peak_rss_bytes or 0) > 0

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ("targets[3] = np.inf", "at bar 3, 2023-11-15T01:00:00Z, is inf"),
            ("targets[3] = 2.0", "is 2.0, must be in [0, 1]"),
            ("return targets[1:]", "shape (399,), must be float64 and (400,)"),
            ("return targets.astype(int)", "type int64"),
        ],
    )
    def test_one_that_answers_nonsense_fails_the_run(
        self, odd: Ask, body: str, sentence: str
    ) -> None:
        run = odd(body)

        assert (run.status, run.error_code) == (RunStatus.FAILED, "invalid_targets")
        assert sentence in run.error_detail

    def test_one_that_changes_the_market_fails_the_run(self, odd: Ask) -> None:
        run = odd("bars.close.flags.writeable = True; bars.close[:200] = 1.0")

        assert (run.status, run.error_code) == (RunStatus.FAILED, "market_changed")
        assert (run.n_fills, run.equity, run.result_hash) == (None, None, "")

    def test_an_interrupt_cancels_the_run_and_goes_on(self, odd: Ask) -> None:
        with pytest.raises(KeyboardInterrupt):
            odd("raise KeyboardInterrupt")

        run = Run.objects.get()
        assert (run.status, run.error_code) == (RunStatus.CANCELED, "interrupted")


class TestArtefacts:
    def test_a_folder_that_cannot_be_written_fails_the_run(
        self, ask: Ask, installation: Path
    ) -> None:
        (installation / "artefacts").write_text("in the way")

        run = ask()

        assert (run.status, run.error_code) == (RunStatus.FAILED, "artefact_not_written")
        assert f"File exists: '{installation}/artefacts'" in run.error_detail
        assert not Artefact.objects.exists()

    def test_a_disk_that_fills_up_fails_the_run_and_leaves_no_piece(
        self, ask: Ask, installation: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        run = ask()

        assert (run.status, run.error_code) == (RunStatus.FAILED, "artefact_not_written")
        assert "No space left on device" in run.error_detail
        assert not [path for path in (installation / "artefacts").rglob("*") if path.is_file()]


class TestProvenance:
    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        provenance.cache_clear()

    def test_says_null_where_git_is_missing(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")

        found = ask().provenance

        assert (found["git_commit"], found["git_dirty"]) == (None, None)

    def test_says_null_outside_a_checkout(self, settings: Any, tmp_path: Path) -> None:
        settings.BASE_DIR = tmp_path

        found = provenance()

        assert (found["git_commit"], found["git_dirty"]) == (None, None)

    def test_reads_commit_and_changes(self, settings: Any, tmp_path: Path) -> None:
        settings.BASE_DIR = tmp_path
        git(tmp_path, "init", "-q")
        (tmp_path / "file").write_text("one")
        git(tmp_path, "add", "file")
        before = provenance()
        git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "One")
        provenance.cache_clear()
        clean = provenance()
        (tmp_path / "file").write_text("two")
        provenance.cache_clear()
        dirty = provenance()

        head = git(tmp_path, "rev-parse", "HEAD").strip()
        assert (before["git_commit"], before["git_dirty"]) == (None, True)
        assert (clean["git_commit"], clean["git_dirty"]) == (head, False)
        assert (dirty["git_commit"], dirty["git_dirty"]) == (head, True)

    def test_asks_git_before_it_locks_the_database(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        depth: list[int] = []
        outside = len(connection.savepoint_ids)
        asked = subprocess.run

        def watched(*words: Any, **options: Any) -> Any:
            depth.append(len(connection.savepoint_ids))
            return asked(*words, **options)

        monkeypatch.setattr(subprocess, "run", watched)
        ask()

        assert depth == [outside]


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout
