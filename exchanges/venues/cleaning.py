"""What a venue answered, made into closed bars."""

import numpy as np

from common.data_pipeline.rows import BarRows
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe
from exchanges.venues.errors import ContradictoryBars


def closed_bars(rows: BarRows, timeframe: Timeframe, *, start_ns: int, now_ns: int) -> Bars:
    """Return the bars that open at or after `start_ns` and have closed by `now_ns`.

    Parameters
    ----------
    rows
        In any order; a row may be repeated.
    timeframe
        Length of every bar.
    start_ns, now_ns
        Nanoseconds since 1970 UTC. A bar that closes exactly at `now_ns` is closed.

    Raises
    ------
    ContradictoryBars
        If two rows have the same time and other values.
    """
    columns = [getattr(rows, name) for name in PRICE_COLUMNS]
    wanted = (rows.open_ns >= start_ns) & (rows.open_ns + timeframe.nanoseconds <= now_ns)
    order = np.flatnonzero(wanted)
    order = order[np.argsort(rows.open_ns[order], kind="stable")]
    open_ns, values = rows.open_ns[order], np.column_stack(columns)[order]
    repeated = np.flatnonzero(open_ns[1:] == open_ns[:-1]) + 1
    for row in repeated:
        if not np.array_equal(values[row], values[row - 1]):
            raise ContradictoryBars(
                f"two bars of {format_utc(open_ns[row])} in one answer:"
                f" {values[row - 1].tolist()} and {values[row].tolist()}",
                time=format_utc(open_ns[row]),
            )
    kept = np.delete(np.arange(len(order)), repeated)
    return Bars(timeframe, open_ns[kept], *np.ascontiguousarray(values[kept].T))
