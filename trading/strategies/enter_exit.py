"""Targets of strategies that enter, stay, and leave."""

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats

type Flags = NDArray[np.bool_]


def enter_exit(entry: Flags, leave: Flags, *, inputs: tuple[Floats, ...]) -> Floats:
    """Return 1 from each entry on and 0 from each exit on.

    Parameters
    ----------
    entry, leave : ndarray of bool, shape (n_bars,)
        Where the rule says enter, and where it says leave; where both, it leaves.
    inputs : tuple of ndarray of float64, shape (n_bars,)
        What the rule reads; it is warm where none of them is NaN.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN until every input is warm, then 0 until the first entry, then 1 or 0.

    Examples
    --------
    >>> warm = np.array([np.nan, 0.0, 0.0, 0.0, 0.0])
    >>> entry = np.array([True, False, True, False, False])
    >>> leave = np.array([False, False, False, False, True])
    >>> enter_exit(entry, leave, inputs=(warm,)).tolist()
    [nan, 0.0, 1.0, 1.0, 0.0]
    """
    cold = np.zeros(len(entry), np.bool_)
    for column in inputs:
        cold |= np.isnan(column)
    events = np.flatnonzero((entry | leave) & ~cold)
    held = np.zeros(len(entry))
    if events.size:
        # Each event holds until the next one; the last one holds to the end.
        lengths = np.diff(np.append(events, len(entry)))
        held[events[0] :] = np.repeat(np.where(leave[events], 0.0, 1.0), lengths)
    held[cold] = np.nan
    return held
