"""Bars of a period in pages."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.enums import SeriesKind
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from exchanges.exceptions import UnknownSeries
from exchanges.selectors.market_data import open_store


@dataclass(frozen=True, slots=True)
class BarsPage:
    """The first bars of a period.

    Parameters
    ----------
    bars
        Oldest first.
    next_ns
        Open time of the first bar of the period that did not fit, nanoseconds
        since 1970 UTC; None if all did.
    """

    bars: Bars
    next_ns: int | None


def read_page(*, key: SeriesKey, start_ns: int | None, end_ns: int | None, limit: int) -> BarsPage:
    """Return the first `limit` bars that open in `[start_ns, end_ns)`; None is unbounded.

    Only the months they lie in are read.

    Raises
    ------
    UnknownSeries
        If the series holds something else than bars.
    SeriesNotFound
        If nothing is stored of it.
    InvalidPeriod
        If the period does not end after its start.
    """
    if key.kind is not SeriesKind.BARS or key.timeframe is None:
        raise UnknownSeries(f"{key} holds no bars", series=str(key))
    store = open_store()
    taken: list[Bars] = []
    free = limit
    for month in store.iter_bars(key, start_ns, end_ns):
        taken.append(month.rows(0, min(len(month), free)))
        free -= len(taken[-1])
        if len(taken[-1]) < len(month):
            return BarsPage(_join(taken), int(month.open_ns[len(taken[-1])]))
        if not free:
            break
    if not taken:
        return BarsPage(Bars.empty(key.timeframe), None)
    if free:
        return BarsPage(_join(taken), None)
    # The page ends with a month: the manifest knows what comes next, no file has to be read.
    last_ns = taken[-1].open_ns[-1]
    later = (part.first_ns for part in store.manifest(key).overlapping(int(last_ns), end_ns))
    return BarsPage(_join(taken), next((time for time in later if time > last_ns), None))


def latest_bars(*, key: SeriesKey, count: int) -> dict[str, list[Any]]:
    """Return the last bars as a table for people, newest first.

    Raises
    ------
    SeriesNotFound
        If nothing is stored of the series.
    """
    store = open_store()
    bars = store.read_before(key, store.manifest(key).end_ns, count)
    prices = (getattr(bars, name).tolist() for name in PRICE_COLUMNS)
    times = map(format_utc, bars.open_ns.tolist())
    rows = [list(row) for row in zip(times, *prices, strict=True)]
    return {"headers": ["time", *PRICE_COLUMNS], "rows": rows[::-1]}


def _join(months: list[Bars]) -> Bars:
    return reduce(Bars.joined, months)
