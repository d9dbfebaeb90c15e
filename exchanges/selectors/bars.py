"""Bars of a period in pages."""

from typing import Any

from common.domain.bars import PRICE_COLUMNS
from common.domain.enums import SeriesKind
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from exchanges.exceptions import UnknownSeries
from exchanges.selectors.market_data import open_store


def read_page(
    *, key: SeriesKey, start_ns: int | None, end_ns: int | None, limit: int
) -> dict[str, Any]:
    """Return at most `limit` bars of a period as JSON values, and where the next begin.

    No more than the months they lie in are read.

    Raises
    ------
    UnknownSeries
        If the series holds no bars but something else.
    InvalidPeriod
        If the period ends before it starts.
    """
    if key.kind is not SeriesKind.BARS:
        raise UnknownSeries(f"{key} holds no bars", series=str(key))
    rows: list[dict[str, Any]] = []
    next_start = None
    for part in open_store().iter_bars(key, start_ns, end_ns):
        wanted = part.rows(0, min(len(part), limit - len(rows)))
        columns = [getattr(wanted, name).tolist() for name in PRICE_COLUMNS]
        rows += [
            {"time": format_utc(time), **dict(zip(PRICE_COLUMNS, values, strict=True))}
            for time, *values in zip(wanted.open_ns.tolist(), *columns, strict=True)
        ]
        if len(wanted) < len(part):
            next_start = format_utc(int(part.open_ns[len(wanted)]))
            break
    return {"series": str(key), "bars": rows, "next_start": next_start}
