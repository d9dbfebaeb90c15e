"""Columns in and out of Arrow without pandas.

`pyarrow.array`, `pyarrow.scalar` and `Array.to_numpy` do the same but import pandas first to
ask whether they were handed something of its, which costs 0.3 s and 40 MB in a process that
has no use for it. So does every Arrow function that is handed a text or a number of Python's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def to_arrow(values: NDArray[Any]) -> "pa.Array":
    """Return an Arrow array over the memory of a NumPy array of numbers, shape (n,)."""
    import pyarrow as pa

    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, buffer])


def to_numpy(values: "pa.Array | pa.ChunkedArray") -> NDArray[Any]:
    """Return an Arrow column of numbers without nulls as a NumPy array, shape (n,).

    The array shares the memory of a column that is in one piece.
    """
    import pyarrow as pa

    dtype = np.dtype(values.type.to_pandas_dtype())
    if isinstance(values, pa.ChunkedArray):
        pieces = [to_numpy(chunk) for chunk in values.chunks]
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, dtype), *pieces])
    if len(values) == 0:
        return np.empty(0, dtype)
    buffer = values.buffers()[1]
    return np.frombuffer(buffer, dtype)[values.offset : values.offset + len(values)]


def to_floats(values: "pa.Array") -> NDArray[np.float64]:
    """Return an Arrow array of numbers as float64, shape (n,), NaN where there is none."""
    import pyarrow as pa

    # A decimal or an integer of 64 bits may lose digits that a float64 has no room for.
    floats: NDArray[np.float64] = to_numpy(values.cast(pa.float64(), safe=False))
    return np.where(to_flags(values.is_valid()), floats, np.nan) if values.null_count else floats


def to_flags(values: "pa.Array") -> NDArray[np.bool_]:
    """Return an Arrow array of truth values without nulls as a NumPy array, shape (n,)."""
    import pyarrow as pa

    return to_numpy(values.cast(pa.uint8())).view(np.bool_)


def to_texts(values: Sequence[str]) -> "pa.Array":
    """Return texts as an Arrow array, shape (n,)."""
    import pyarrow as pa

    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def to_text(value: str) -> "pa.StringScalar":
    """Return a text as an argument of Arrow's functions."""
    return to_texts([value])[0]
