"""Checks of samples before anything is concluded from them."""

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidInput
from research.validation.exceptions import TooFewPeriods


def checked(values: Floats, *, noun: str, needed: int = 1, dimensions: int = 1) -> Floats:
    """Return the values, which are finite, of that many dimensions, and long enough.

    Parameters
    ----------
    values : ndarray of float64, shape (n,) or (n, n_columns)
        What is examined.
    noun
        What they are, in the plural, for the message.
    needed
        Fewest rows.
    dimensions
        Number of dimensions they must have.

    Raises
    ------
    InvalidInput
        If they have another type or number of dimensions, or one is NaN or infinite.
    TooFewPeriods
        If there are fewer rows than needed.

    Examples
    --------
    >>> checked(np.array([0.5]), noun="returns", needed=2)
    Traceback (most recent call last):
        ...
    research.validation.exceptions.TooFewPeriods: the number of returns is 1, at least 2 needed
    """
    if values.dtype != np.float64 or values.ndim != dimensions:
        raise InvalidInput(
            f"{noun} have type {values.dtype} and shape {values.shape},"
            f" must be float64 of {dimensions} dimensions"
        )
    if len(values) < needed:
        raise TooFewPeriods(
            f"the number of {noun} is {len(values)}, at least {needed} needed",
            found=len(values),
            needed=needed,
        )
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong.reshape(len(values), -1).any(axis=1)))
        raise InvalidInput(f"{noun} at row {row} are not finite", row=row)
    return values
