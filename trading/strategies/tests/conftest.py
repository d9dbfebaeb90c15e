"""Markets that several test modules share."""

from pathlib import Path

import pytest

from common.domain.bars import Bars
from trading.strategies.tests.market import load_coinbase


@pytest.fixture(scope="session")
def coinbase(sample_data: Path) -> Bars:
    """Return 20,111 real hourly bars."""
    return load_coinbase(sample_data)
