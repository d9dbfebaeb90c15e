"""Fixtures that every package's tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """Return the folder of real market data; it is not part of the product."""
    default = Path(__file__).parent.parent / "shared" / "data"
    folder = Path(os.environ.get("ASSAY_SAMPLE_DATA", default))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no market data in {folder}: set ASSAY_SAMPLE_DATA")
        pytest.skip(f"no market data in {folder}: set ASSAY_SAMPLE_DATA")
    return folder
