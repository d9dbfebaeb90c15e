"""Order latencies made of those with which the recorded events arrived."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import numpy as np

from common.domain.events import (
    ARRAY_NAME,
    AT_EXCHANGE,
    AT_LOCAL,
    EVENT_DTYPE,
    EventFiles,
    Events,
)
from research.engines.exceptions import UnsupportedFeature
from research.engines.hftbacktest.files import read_layout

# The library's layout (https://hftbacktest.readthedocs.io/en/latest/latency_models.html).
LATENCY_DTYPE: Final = np.dtype([
    ("req_ts", np.int64),
    ("exch_ts", np.int64),
    ("resp_ts", np.int64),
    ("_padding", np.int64),
])
_SAMPLED_NS: Final = 1_000_000_000
_NEVER: Final = np.iinfo(np.int64).max
_BLOCK: Final = 1 << 16  # events


def write_latencies(events: EventFiles, path: Path) -> int:
    """Write the latencies of orders for the library to interpolate, one a second.

    Parameters
    ----------
    events
        Each file is read once, piece by piece.
    path
        File to write, ending in `.npz`.

    Returns
    -------
    int
        The longest of them, nanoseconds.

    Raises
    ------
    UnsupportedFeature
        If no event has both times.

    Notes
    -----
    The last event received in a second took `local_ts - exch_ts`. An order sent then is
    taken to need as long to the exchange, and its answer as long back.
    """
    parts = [_sample(block) for file in events.paths for block in _blocks(file)]
    rows = np.concatenate(parts)
    rows = rows[np.diff(rows["req_ts"] // _SAMPLED_NS, append=_NEVER) > 0]
    # The library interpolates between rows whose times increase, at both ends.
    later = np.maximum.accumulate(rows["exch_ts"])[:-1]
    increases = np.concatenate([[True], rows["exch_ts"][1:] > later])
    rows = rows[increases[: len(rows)]]
    if not len(rows):
        raise UnsupportedFeature(
            "the recorded events have no latency: none is valid both at the exchange and here",
            features=["recorded_latency"],
        )
    np.savez(path, **{ARRAY_NAME: rows})
    return int((rows["exch_ts"] - rows["req_ts"]).max())


def _blocks(path: Path) -> Iterator[Events]:
    """Read a file piece by piece: the library will need the memory of the whole."""
    with ZipFile(path) as archive, archive.open(f"{ARRAY_NAME}.npy") as file:
        read_layout(file)
        while piece := file.read(_BLOCK * EVENT_DTYPE.itemsize):
            yield np.frombuffer(piece, EVENT_DTYPE)


def _sample(events: Events) -> Events:
    both = np.uint64(AT_EXCHANGE | AT_LOCAL)
    chosen = events[(events["ev"] & both) == both]
    sampled = chosen[np.diff(chosen["local_ts"] // _SAMPLED_NS, append=_NEVER) > 0]
    rows = np.zeros(len(sampled), LATENCY_DTYPE)
    took = sampled["local_ts"] - sampled["exch_ts"]
    rows["req_ts"] = sampled["local_ts"]
    rows["exch_ts"] = sampled["local_ts"] + took
    rows["resp_ts"] = sampled["local_ts"] + 2 * took
    return rows
