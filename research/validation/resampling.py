"""Random orders of a series that keep stretches of it together."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from common.domain.errors import InvalidArgument

type Rows = NDArray[np.intp]


class Scheme(StrEnum):
    """How blocks are drawn; both wrap around the end, so that every row is as likely."""

    STATIONARY = "stationary"  # lengths are geometric, so the result is stationary
    CIRCULAR = "circular"  # all lengths are equal


def resampled_rows(
    n_rows: int, *, block: float, rng: np.random.Generator, scheme: Scheme = Scheme.STATIONARY
) -> Rows:
    """Return one random order of rows, with repeats, made of blocks of consecutive rows.

    Parameters
    ----------
    n_rows
        Length of the series and of the result, >= 1.
    block
        Mean length of a block (stationary), or its length, rounded (circular), in [1, n_rows].
    rng
        Draws where blocks begin and how long they are.
    scheme
        How blocks are drawn.

    Returns
    -------
    ndarray of intp, shape (n_rows,)
        Positions in [0, n_rows); the row after the last is the first.

    Raises
    ------
    InvalidArgument
        If there is no row, or the block is out of range.

    References
    ----------
    D. N. Politis and J. P. Romano, "The Stationary Bootstrap", *Journal of the American
    Statistical Association* 89(428), 1994; "A Circular Block-Resampling Procedure for Stationary
    Data", in *Exploring the Limits of Bootstrap*, Wiley, 1992.

    Examples
    --------
    One block of all rows begins somewhere and wraps around:

    >>> rows = resampled_rows(4, block=4, rng=np.random.default_rng(1), scheme=Scheme.CIRCULAR)
    >>> (np.diff(rows) % 4).tolist(), sorted(rows.tolist())
    ([1, 1, 1], [0, 1, 2, 3])
    """
    if n_rows < 1:
        raise InvalidArgument(f"n_rows is {n_rows}, must be at least 1")
    if not 1.0 <= block <= n_rows:
        raise InvalidArgument(f"block is {block}, must be in [1, {n_rows}]")
    if scheme is Scheme.STATIONARY:
        begins = rng.random(n_rows) < 1.0 / block
        begins[0] = True
        first = np.flatnonzero(begins)
    else:
        first = np.arange(0, n_rows, round(block))
    starts = rng.integers(0, n_rows, len(first))
    lengths = np.diff(first, append=n_rows)
    rows: Rows = (np.arange(n_rows) + np.repeat(starts - first, lengths)) % n_rows
    return rows
