"""Columns of numbers, and the bounds they must respect."""

from collections.abc import Mapping
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_floats
from common.data_pipeline.importers.batch import Batch
from common.data_pipeline.importers.exceptions import (
    InvalidPrice,
    InvalidQuantity,
    UnreadableNumber,
)
from common.domain.bars import Floats


def read_numbers(batch: Batch, name: str) -> Floats:
    """Return a column as float64, shape (n_rows,); a missing value is NaN.

    Raises
    ------
    UnreadableNumber
        If the column does not hold numbers.
    """
    import pyarrow as pa

    column = batch.columns[name]
    try:
        return to_floats(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as e:
        raise batch.error(
            UnreadableNumber, 0, f"{name} is {column.type}, not a number: {e}"
        ) from e


def check_prices(batch: Batch, columns: Mapping[str, Floats]) -> None:
    """Refuse a price that is not positive and finite; names the first row with one.

    Raises
    ------
    InvalidPrice
        If there is one.
    """
    # NaN fails both comparisons.
    faults = {name: ~((values > 0) & (values < np.inf)) for name, values in columns.items()}
    if found := _first(faults):
        row, name = found
        problem = f"{name} is {columns[name][row]}, a price must be positive and finite"
        raise batch.error(InvalidPrice, row, problem)


def check_quantity(batch: Batch, name: str, values: Floats) -> None:
    """Refuse a quantity that is negative or not finite; names the first row with one.

    Raises
    ------
    InvalidQuantity
        If there is one.
    """
    if found := _first({name: ~((values >= 0) & (values < np.inf))}):
        row, _ = found
        problem = f"{name} is {values[row]}, it must be finite and at least 0"
        raise batch.error(InvalidQuantity, row, problem)


def _first(faults: Mapping[str, NDArray[np.bool_]]) -> tuple[int, str] | None:
    places = [(int(np.argmax(flags)), name) for name, flags in faults.items() if flags.any()]
    return min(places, key=itemgetter(0), default=None)
