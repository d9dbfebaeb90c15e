"""What every indicator asks of the columns and lengths it is given."""

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument, InvalidInput


class InvalidColumn(InvalidInput):
    """A column that no indicator can be computed from."""

    code = "invalid_column"


class InvalidLength(InvalidArgument):
    """A period, window or factor outside what the formula admits."""

    code = "invalid_length"


def check_columns(**columns: Floats) -> list[Floats]:
    """Return the columns as contiguous float64 arrays of one length.

    Raises
    ------
    InvalidColumn
        If one is not one-dimensional, is of another length than the first, or
        holds NaN or infinity: recursive formulas never recover from either.
    """
    checked: list[Floats] = []
    for name, values in columns.items():
        column = np.ascontiguousarray(values, dtype=np.float64)
        if column.ndim != 1:
            raise InvalidColumn(f"{name} has shape {column.shape}, must have one dimension")
        if checked and column.shape != checked[0].shape:
            raise InvalidColumn(
                f"{name} has {len(column)} rows, {next(iter(columns))} has {len(checked[0])}"
            )
        finite = np.isfinite(column)
        if not finite.all():
            row = int(np.argmin(finite))
            raise InvalidColumn(
                f"{name} is {column[row]} at row {row}, must be finite", column=name, row=row
            )
        checked.append(column)
    return checked


def check_length(name: str, value: int, low: int = 1) -> int:
    """Return a number of bars that is at least `low`.

    Raises
    ------
    InvalidLength
        If it is below.
    """
    if value < low:
        raise InvalidLength(f"{name} is {value!r}, must be a whole number >= {low}")
    return value


def check_factor(name: str, value: float) -> float:
    """Return a factor that is finite and above zero.

    Raises
    ------
    InvalidLength
        If it is not.
    """
    if not (np.isfinite(value) and value > 0):
        raise InvalidLength(f"{name} is {value!r}, must be a finite number > 0")
    return float(value)
