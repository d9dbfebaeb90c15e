"""Columns of numbers as Arrow files, read back as views of the mapped file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow, to_numpy
from research.compute.exceptions import InvalidJobFile

type Columns = dict[str, NDArray[Any]]


def write_columns(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write columns of equal length."""
    import pyarrow as pa

    table = pa.table({name: to_arrow(values) for name, values in columns.items()})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)


def read_columns(path: Path) -> Columns:
    """Return the columns of a file, read-only, in the memory of the file itself.

    Raises
    ------
    InvalidJobFile
        If it is missing or no Arrow file.
    """
    import pyarrow as pa

    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowException) as e:
        raise InvalidJobFile(f"{path.name} cannot be read: {e}", file=path.name) from e
    return {name: to_numpy(table[name]) for name in table.column_names}


def write_records(path: Path, records: NDArray[np.void]) -> None:
    """Write a structured array, a column a field."""
    names = records.dtype.names or ()
    write_columns(path, {name: np.ascontiguousarray(records[name]) for name in names})


def read_records(path: Path, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return a structured array that `write_records` wrote.

    Raises
    ------
    InvalidJobFile
        If it has other fields or types.
    """
    columns = read_columns(path)
    found = {name: values.dtype for name, values in columns.items()}
    wanted = {name: dtype[name] for name in dtype.names or ()}
    if found != wanted:
        raise InvalidJobFile(f"{path.name} has the columns {found}, must have {wanted}")
    records = np.empty(len(next(iter(columns.values()))), dtype)
    for name, values in columns.items():
        records[name] = values
    return records
