"""Every journey begins on an empty installation."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import manage


@pytest.fixture(autouse=True)
def installation(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    settings.STORE_ROOT = tmp_path / "market_data"
    settings.ARTEFACT_ROOT = tmp_path / "artefacts"
    settings.STRATEGY_FOLDER = tmp_path / "strategies"
    return tmp_path


@pytest.fixture
def environment(installation: Path) -> dict[str, str]:
    """Return the environment of processes that have an installation of their own."""
    folder = installation / "process"
    folder.mkdir()
    environment = {
        "ASSAY_PATHS__VAR": str(folder),
        "ASSAY_PATHS__STRATEGIES": str(folder / "strategies"),
        "DATABASE_URL": f"sqlite:///{folder}/assay.sqlite3",
    }
    assert manage("migrate", "-v", "0", **environment).err == ""
    return environment
