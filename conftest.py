"""Fixtures that every package's tests share."""

import os
import signal
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Let Ctrl-C interrupt, wherever the suite runs."""
    # A shell that starts the suite in the background has it ignore what Ctrl-C sends, and
    # with it every test of an interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
