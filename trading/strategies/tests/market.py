"""Markets to try strategies on: hand-made, random, and real."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from common.domain.bars import Bars
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe

COINBASE_FILE = "coinbase_btcusd_1h.csv"


def make_bars(
    close: ArrayLike,
    high: ArrayLike | None = None,
    low: ArrayLike | None = None,
    *,
    timeframe: Timeframe = Timeframe.H1,
    first: int = 0,
) -> Bars:
    """Return bars of these closes, without gaps; high and low are the close if not given."""
    closes = np.array(close, dtype=np.float64)
    return Bars(
        timeframe,
        (np.arange(len(closes), dtype=np.int64) + first) * timeframe.nanoseconds,
        closes.copy(),
        np.array(closes if high is None else high, dtype=np.float64),
        np.array(closes if low is None else low, dtype=np.float64),
        closes,
        np.ones(len(closes)),
    )


def random_walk(seed: int, count: int, *, holes: bool = False) -> Bars:
    """Return bars of a geometric random walk; with holes a tenth of them is missing."""
    rng = np.random.default_rng(seed)
    close = 1_000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, count)))
    opens = np.concatenate([[1_000.0], close[:-1]])
    spread = np.exp(np.abs(rng.normal(0.0, 0.004, (2, count))))
    columns = [
        opens,
        np.maximum(opens, close) * spread[0],
        np.minimum(opens, close) / spread[1],
        close,
        rng.uniform(1.0, 100.0, count),
    ]
    times = np.arange(count, dtype=np.int64) * Timeframe.H1.nanoseconds
    kept = rng.random(count) > 0.1 if holes else np.ones(count, np.bool_)
    return Bars(Timeframe.H1, times[kept], *(column[kept] for column in columns))


def load_coinbase(folder: Path) -> Bars:
    """Return the hourly BTC/USD file: a banner, then rows nearly newest first, 12-hour clock."""
    with (folder / COINBASE_FILE).open(newline="") as file:
        file.readline()
        rows = list(csv.DictReader(file))
    times = np.array([
        to_ns(datetime.strptime(row["date"], "%Y-%m-%d %I-%p").replace(tzinfo=UTC)) for row in rows
    ])
    order = np.argsort(times)
    names = ("open", "high", "low", "close", "volume_btc")
    columns = [np.array([float(row[name]) for row in rows])[order] for name in names]
    return Bars(Timeframe.H1, times[order], *columns)
