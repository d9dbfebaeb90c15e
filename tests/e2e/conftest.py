"""Every journey begins on an empty installation."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def installation(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    settings.STORE_ROOT = tmp_path / "market_data"
    settings.ARTEFACT_ROOT = tmp_path / "artefacts"
    settings.STRATEGY_FOLDER = tmp_path / "strategies"
    return tmp_path
