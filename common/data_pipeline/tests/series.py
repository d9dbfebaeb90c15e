"""Bars and rows whose values follow from their time, so that any two makers agree."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import numpy as np

from common.data_pipeline.rows import BarRows
from common.domain.bars import Bars, Times
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe

HOUR: Final = 3_600_000_000_000
KEY: Final = SeriesKey.bars(InstrumentId("BTC/USDT", "BINANCE"), Timeframe.H1)
# Two hours before a month ends.
START: Final = to_ns(datetime(2024, 1, 31, 22, tzinfo=UTC))


def hours(*numbers: int) -> Times:
    """Return open times, counted in hours from `START`."""
    return np.array([START + number * HOUR for number in numbers], np.int64)


def rows_at(times_ns: Times, *, first_line: int = 2, price: float = 100.0) -> BarRows:
    """Return rows in the order of the times; prices depend on the time alone."""
    opens = price + (times_ns // HOUR % 97).astype(np.float64)
    return BarRows(
        open_ns=times_ns,
        open=opens,
        high=opens + 2,
        low=opens - 1,
        close=opens + 1,
        volume=opens / 8,
        lines=np.arange(first_line, first_line + len(times_ns)),
    )


def bars_at(times_ns: Times) -> Bars:
    """Return the same as bars."""
    rows = rows_at(times_ns)
    return Bars(
        Timeframe.H1, rows.open_ns, rows.open, rows.high, rows.low, rows.close, rows.volume
    )


def table_of(bars: Bars) -> list[tuple[float, ...]]:
    """Return bars as tuples, so that a difference can be read."""
    columns: Iterable[list[float]] = (
        getattr(bars, name).tolist()
        for name in ("open_ns", "open", "high", "low", "close", "volume")
    )
    return list(zip(*columns, strict=True))
