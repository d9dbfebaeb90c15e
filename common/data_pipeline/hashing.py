"""Hashes of stored data that depend on its content alone.

Layout
------
*Content*: the columns in the order of `layouts.LAYOUTS`, one whole column after the other,
each value in eight bytes, little-endian: times as int64, numbers as float64 with -0.0
written as 0.0. A trade's side is one byte (int8); its ids are the lengths of all ids in
bytes (int64) followed by the UTF-8 bytes of all ids.

*Content hash*: SHA-256 of the content. It names partition files.

*Dataset hash*: SHA-256 of the kind and the timeframe in ASCII, each followed by a line feed
(`bars`, `1h`; the second line is empty where there is no timeframe), followed by the content
of the rows in the range, oldest first. Partition borders, library versions and the machine
leave no trace in it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from common.data_pipeline.arrays import to_numpy
from common.data_pipeline.layouts import LAYOUTS
from common.domain.bars import PRICE_COLUMNS, Bars, Floats, Times
from common.domain.enums import SeriesKind
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe

if TYPE_CHECKING:
    import pyarrow as pa

type Buffer = bytes | memoryview


def bars_hash(bars: Bars) -> str:
    r"""Return the dataset hash of bars in memory.

    Examples
    --------
    >>> bars_hash(Bars.empty(Timeframe.H1)) == hashlib.sha256(b"bars\n1h\n").hexdigest()
    True
    """
    digest = hashlib.sha256(_header(SeriesKind.BARS, bars.timeframe))
    digest.update(_times(bars.open_ns))
    for name in PRICE_COLUMNS:
        digest.update(_floats(getattr(bars, name)))
    return digest.hexdigest()


def content_hash(kind: SeriesKind, table: "pa.Table") -> str:
    """Return the content hash of rows with the columns of their kind's layout."""
    digest = hashlib.sha256()
    for part in _content(kind, lambda name: table.column(name).chunks):
        digest.update(part)
    return digest.hexdigest()


def dataset_hash(key: SeriesKey, read: Callable[[str], Iterable["pa.Array"]]) -> str:
    """Return the dataset hash of rows that are read column by column, piece by piece.

    Parameters
    ----------
    key
        The series.
    read
        Returns the values of a column in the range, oldest first; may be asked twice for
        the same column.
    """
    digest = hashlib.sha256(_header(key.kind, key.timeframe))
    for part in _content(key.kind, read):
        digest.update(part)
    return digest.hexdigest()


def _header(kind: SeriesKind, timeframe: Timeframe | None) -> bytes:
    return f"{kind}\n{timeframe or ''}\n".encode("ascii")


def _content(kind: SeriesKind, read: Callable[[str], Iterable["pa.Array"]]) -> Iterator[Buffer]:
    for name, arrow_type in LAYOUTS[kind].columns:
        for encode in _ENCODERS[arrow_type]:
            for piece in read(name):
                yield encode(piece)


def _times(values: Times) -> Buffer:
    return values.astype("<i8", copy=False).data


def _floats(values: Floats) -> Buffer:
    # Adding 0.0 turns -0.0 into 0.0 and changes nothing else.
    return (values + 0.0).astype("<f8", copy=False).data


def _lengths(texts: "pa.Array") -> Buffer:
    import pyarrow.compute as pc

    return _times(to_numpy(pc.binary_length(texts)).astype(np.int64))


def _utf8(texts: "pa.Array") -> Buffer:
    _, offsets, content = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(content)[bounds[0] : bounds[-1]]


_ENCODERS: dict[str, tuple[Callable[["pa.Array"], Buffer], ...]] = {
    "int64": (lambda values: _times(to_numpy(values)),),
    "float64": (lambda values: _floats(to_numpy(values)),),
    "int8": (lambda values: to_numpy(values).data,),
    "string": (_lengths, _utf8),
}
