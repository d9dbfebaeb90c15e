"""Real bars for the indicators, read without the importers."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.time import NANOSECONDS
from common.domain.timeframe import Timeframe


@pytest.fixture(scope="session")
def hourly(sample_data: Path) -> Bars:
    """Return 20,111 hourly bars; the file has a banner and its newest row first."""
    with (sample_data / "coinbase_btcusd_1h.csv").open(newline="") as file:
        next(file)
        rows = list(csv.DictReader(file))
    times = [
        int(datetime.strptime(row["date"], "%Y-%m-%d %I-%p").replace(tzinfo=UTC).timestamp())
        for row in rows
    ]
    open_ns = np.array(times, np.int64) * NANOSECONDS
    order = np.argsort(open_ns)
    columns = [np.array([float(row[name]) for row in rows])[order] for name in PRICE_COLUMNS]
    return Bars(Timeframe.H1, open_ns[order], *columns)


@pytest.fixture(scope="session")
def short(hourly: Bars) -> Bars:
    """Return 1,500 of them, enough for references that loop."""
    return hourly.rows(5_000, 6_500)
