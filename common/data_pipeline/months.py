"""UTC months: the periods that stored data is cut into."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

type Times = NDArray[np.int64]


def month_of(time_ns: int) -> str:
    """Return the UTC month of a time.

    Examples
    --------
    >>> month_of(1_571_302_800_000_000_000)
    '2019-10'
    """
    return str(np.datetime64(time_ns, "ns").astype("datetime64[M]"))


def split_by_month(times_ns: Times) -> Iterator[tuple[str, slice | Times]]:
    """Yield each month with the rows of it, in their order: a slice where they are one run.

    Parameters
    ----------
    times_ns : ndarray of int64, shape (n_rows,)
        Times in any order, at least one.

    Examples
    --------
    >>> day = 86_400_000_000_000
    >>> [(month, rows) for month, rows in split_by_month(np.array([0, 30 * day, 31 * day]))]
    [('1970-01', slice(0, 2, None)), ('1970-02', slice(2, 3, None))]
    """
    first, last = (
        np.datetime64(int(edge), "ns").astype("datetime64[M]")
        for edge in (times_ns.min(), times_ns.max())
    )
    if first == last:
        yield str(first), slice(0, len(times_ns))
        return
    months = np.arange(first, last + 1)
    starts = months.astype("datetime64[ns]").astype(np.int64)
    place = np.searchsorted(starts, times_ns, side="right") - 1
    for index in np.unique(place):
        rows = np.flatnonzero(place == index)
        is_run = rows[-1] - rows[0] + 1 == len(rows)
        month = str(months[index])
        yield month, slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows
