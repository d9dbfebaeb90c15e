"""Which stretches of a period are not stored yet, and in which pieces to get them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from common.domain.bars import Times


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch `[start_ns, end_ns)` in which no bar is stored.

    Parameters
    ----------
    start_ns, end_ns
        Nanoseconds since 1970 UTC.
    is_last
        Whether no bar of the period is stored after it.
    """

    start_ns: int
    end_ns: int
    is_last: bool


def missing_stretches(
    stored: Iterable[Times], *, start_ns: int, end_ns: int, step_ns: int, least_bars: int
) -> list[Stretch]:
    """Return the stretches of `[start_ns, end_ns)` to ask for, oldest first.

    Parameters
    ----------
    stored
        Open times of the stored bars of the period, increasing, in pieces.
    start_ns, end_ns
        The period; `start_ns` is an open time.
    step_ns
        Length of a bar.
    least_bars
        A hole between two stored bars counts from this length on: a shorter one is taken
        for the venue's own, which has been asked before.
    """
    found, cursor_ns = [], start_ns
    for open_ns in stored:
        ends = np.concatenate([[cursor_ns - step_ns], open_ns]) + step_ns
        lengths = open_ns - ends[:-1]
        least = np.full(len(open_ns), least_bars * step_ns)
        if cursor_ns == start_ns:
            least[0] = step_ns
        found += [
            Stretch(int(ends[row]), int(open_ns[row]), is_last=False)
            for row in np.flatnonzero(lengths >= least)
        ]
        cursor_ns = int(ends[-1])
    if cursor_ns < end_ns:
        found.append(Stretch(cursor_ns, end_ns, is_last=True))
    return found


def newest_first(
    stretch: Stretch, *, step_ns: int, piece_bars: int, least_bars: int
) -> Iterator[Stretch]:
    """Yield the pieces of a stretch, the newest first.

    Each piece that is stored joins the stored bars after it: whenever the work is cut
    short, what remains is one stretch again, and never so short that `missing_stretches`
    would take it for the venue's own hole.
    """
    end_ns = stretch.end_ns
    while end_ns > stretch.start_ns:
        start_ns = end_ns - piece_bars * step_ns
        if start_ns - stretch.start_ns < least_bars * step_ns:
            start_ns = stretch.start_ns
        yield Stretch(start_ns, end_ns, is_last=False)
        end_ns = start_ns
