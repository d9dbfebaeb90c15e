"""One sequence of events that is in order for the exchange and for the receiver alike.

An event happens twice: at `exch_ts` for the exchange's book, at `local_ts` for the receiver.
Where events were received in another order than they happened no single order fits both, and
such an event stands in the sequence twice, once for each. The rule is that of hftbacktest
(https://hftbacktest.readthedocs.io/en/latest/data.html), so that equal recordings give equal
files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.events.messages import Messages
from common.domain.bars import Times
from common.domain.events import AT_EXCHANGE, AT_LOCAL, EVENT_DTYPE, Events

_BOTH: Final = AT_EXCHANGE | AT_LOCAL
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """All events that happened in one stretch of time, in the order of the recording.

    Parameters
    ----------
    rows : ndarray of MESSAGE_DTYPE, shape (n_rows,)
        The events, with corrected times of receipt.
    places : ndarray of int64, shape (n_rows,)
        Where each stands in the recording.
    next_local_ns
        No event of a later part was received before this.
    """

    rows: Messages
    places: Times
    next_local_ns: int = _NEVER


def ordered(parts: Iterable[Part]) -> Iterator[Events]:
    """Yield the sequence, piece by piece.

    Parameters
    ----------
    parts
        Oldest first by the exchange's clock: none holds an event that happened before one
        of an earlier part.

    Notes
    -----
    Sorted by either clock (events of equal time in the order of the recording), the two
    orders agree on which events come before certain places. Between two such places the
    earlier of the two heads, by exchange time and then by time of receipt, goes next; heads
    that are equal in both go as one. Only events after the last such place are kept in
    memory for the next part.
    """
    rest: tuple[Messages, Times] | None = None
    for part in parts:
        by_exchange = np.argsort(part.rows["exch_ts"], kind="stable")
        rows, places = part.rows[by_exchange], part.places[by_exchange]
        if rest is not None:
            rows, places = np.concatenate([rest[0], rows]), np.concatenate([rest[1], places])
        by_receipt = np.lexsort((places, rows["local_ts"]))
        settled = int(np.searchsorted(rows["local_ts"][by_receipt], part.next_local_ns))
        agreed = np.flatnonzero(np.maximum.accumulate(by_receipt) == np.arange(len(rows))) + 1
        known = int(np.searchsorted(agreed, settled, side="right"))
        cut = int(agreed[known - 1]) if known else 0
        yield _merge(rows[:cut], by_receipt[:cut], agreed[:known])
        rest = rows[cut:], places[cut:]


def _merge(rows: Messages, by_receipt: Times, agreed: Times) -> Events:
    """Return the sequence of events in both orders, given where these agree."""
    counts = np.diff(agreed, prepend=0)
    taken: list[Times] = []
    flags: list[NDArray[np.uint64]] = []
    done = 0
    for stop, count in zip(agreed[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True):
        start = stop - count
        block = slice(start, stop)
        mixed, validity = _interleave(rows[block], by_receipt[block] - start)
        taken += [np.arange(done, start), mixed + start]
        flags += [np.full(start - done, _BOTH, np.uint64), validity]
        done = stop
    taken.append(np.arange(done, len(rows)))
    flags.append(np.full(len(rows) - done, _BOTH, np.uint64))
    return _events(rows[np.concatenate(taken)], np.concatenate(flags))


def _interleave(rows: Messages, by_receipt: Times) -> tuple[Times, NDArray[np.uint64]]:
    """Return which rows come one after the other, and for whom."""
    keys = list(zip(rows["exch_ts"].tolist(), rows["local_ts"].tolist(), strict=True))
    receipts = by_receipt.tolist()
    taken: list[int] = []
    flags: list[int] = []
    here = there = 0
    count = len(keys)
    while here < count or there < count:
        if there == count:
            step = AT_EXCHANGE
        elif here == count:
            step = AT_LOCAL
        else:
            mine, theirs = keys[here], keys[receipts[there]]
            step = _BOTH if mine == theirs else AT_EXCHANGE if mine < theirs else AT_LOCAL
        taken.append(here if step & AT_EXCHANGE else receipts[there])
        flags.append(step)
        here += bool(step & AT_EXCHANGE)
        there += bool(step & AT_LOCAL)
    return np.array(taken, np.int64), np.array(flags, np.uint64)


def _events(rows: Messages, flags: NDArray[np.uint64]) -> Events:
    events = np.zeros(len(rows), EVENT_DTYPE)
    for name in ("exch_ts", "local_ts"):
        events[name] = rows[name]
    events["ev"] = rows["ev"] | flags
    for name in ("px", "qty"):
        # Adding 0.0 turns -0.0 into 0.0: equal events have equal bytes, and equal hashes.
        events[name] = rows[name] + 0.0
    return events
