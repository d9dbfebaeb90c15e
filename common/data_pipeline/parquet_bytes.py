"""Columns as the content of a Parquet file, and back."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow, to_numpy


def to_parquet(columns: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return columns of equal length as the content of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    table = pa.table({name: to_arrow(values) for name, values in columns.items()})
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False)
    return buffer.getvalue()


def from_parquet(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the columns of a Parquet file by name."""
    import pyarrow.parquet as pq

    # Not `read_table`: it loads the machinery of many-file datasets, 35 MB of it.
    table = pq.ParquetFile(io.BytesIO(content)).read()
    return {name: to_numpy(table[name]) for name in table.column_names}
