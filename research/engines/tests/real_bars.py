"""The publishers' files of bars, read plainly for these tests, and seeded changes to them."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.random import Generator

from common.domain.bars import Bars, Floats
from common.domain.timeframe import Timeframe

_NS = 1_000_000_000


def read_hourly(folder: Path) -> Bars:
    """Return the hourly BTC/USD bars: a banner, the newest row first, a 12-hour clock."""
    with (folder / "coinbase_btcusd_1h.csv").open(newline="") as file:
        rows = list(csv.reader(file))[2:]
    return _bars(Timeframe.H1, "%Y-%m-%d %I-%p", [[row[0], *row[2:7]] for row in reversed(rows)])


def read_minutes(folder: Path) -> Bars:
    """Return the minute bars of the BTC perpetual."""
    with (folder / "ftx_btcperp_1m.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return _bars(Timeframe.M1, "%Y-%m-%d %H:%M:%S.%f", rows)


def _bars(timeframe: Timeframe, layout: str, rows: list[list[str]]) -> Bars:
    rows = sorted(rows, key=lambda row: datetime.strptime(row[0], layout).replace(tzinfo=UTC))
    times = [datetime.strptime(row[0], layout).replace(tzinfo=UTC) for row in rows]
    open_ns = np.array([int(time.timestamp()) * _NS for time in times], np.int64)
    columns = np.array([[float(cell) for cell in row[1:6]] for row in rows]).T.copy()
    return Bars(timeframe, open_ns, *columns)


def with_gaps(bars: Bars, chance: Generator) -> Bars:
    """Return bars whose opens jump by 0.1 to 2 % from where they were, up or down."""
    jump = chance.uniform(0.001, 0.02, len(bars)) * chance.choice([-1, 1], len(bars))
    opens = np.round(bars.open * (1 + jump), 2)
    high, low = np.maximum(bars.high, opens), np.minimum(bars.low, opens)
    return Bars(bars.timeframe, bars.open_ns, opens, high, low, bars.close, bars.volume)


def with_holes(bars: Bars, chance: Generator) -> Bars:
    """Return bars of which one in twenty is missing."""
    kept = chance.random(len(bars)) >= 0.05
    columns: list[Floats] = [bars.open, bars.high, bars.low, bars.close, bars.volume]
    return Bars(bars.timeframe, bars.open_ns[kept], *(column[kept] for column in columns))
