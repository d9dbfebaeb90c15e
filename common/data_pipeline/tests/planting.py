"""Clean series of bars, and faults planted in them."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.rows import BarRows
from common.data_pipeline.synthetic import generate_bars
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe

type Rows = Sequence[int] | slice | NDArray[np.int64]
type Change = float | NDArray[Any] | Callable[[NDArray[Any]], NDArray[Any]]

START_NS = 1_546_300_800_000_000_000
INSTRUMENT = InstrumentId("BTC/USDT", "SYNTH")


def clean_bars(
    n_bars: int = 5_000,
    timeframe: Timeframe = Timeframe.H1,
    *,
    seed: int = 1,
    start_ns: int = START_NS,
) -> Bars:
    return joined(
        generate_bars(INSTRUMENT, timeframe, start_ns=start_ns, n_bars=n_bars, seed=seed)
    )


def joined(pieces: Iterable[Bars]) -> Bars:
    """Put parts of a series together."""
    parts = list(pieces)
    timeframe = parts[0].timeframe
    times = np.concatenate([part.open_ns for part in parts])
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in PRICE_COLUMNS]
    return Bars(timeframe, times, *columns)


def sorted_bars(rows: BarRows, timeframe: Timeframe) -> Bars:
    order = np.argsort(rows.open_ns)
    columns = [getattr(rows, name)[order] for name in PRICE_COLUMNS]
    return Bars(timeframe, rows.open_ns[order], *columns)


def months(bars: Bars) -> list[Bars]:
    """Cut a series as the store does."""
    month = bars.open_ns.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    cuts = [0, *(np.flatnonzero(np.diff(month)) + 1), len(bars)]
    return [bars.rows(int(first), int(last)) for first, last in pairwise(cuts)]


def planted(bars: Bars, rows: Rows, **changes: Change) -> Bars:
    """Change columns of some rows: a number is set, a function is applied."""
    columns = {name: getattr(bars, name).copy() for name in ("open_ns", *PRICE_COLUMNS)}
    for name, change in changes.items():
        values = columns[name][rows]
        columns[name][rows] = change(values) if callable(change) else change
    return Bars(bars.timeframe, **columns)


def scaled(bars: Bars, rows: Rows, factor: float) -> Bars:
    return planted(bars, rows, **dict.fromkeys(PRICE_COLUMNS[:-1], lambda prices: prices * factor))


def dropped(bars: Bars, rows: Rows) -> Bars:
    keep = np.ones(len(bars), bool)
    keep[rows] = False
    columns = [getattr(bars, name)[keep] for name in PRICE_COLUMNS]
    return Bars(bars.timeframe, bars.open_ns[keep], *columns)


def late(bars: Bars, n_bars: int) -> Bars:
    """Move all times by some bars."""
    return planted(
        bars, slice(None), open_ns=lambda times: times + n_bars * bars.timeframe.nanoseconds
    )
