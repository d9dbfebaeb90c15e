"""Division that says when its result means nothing."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from common.domain.bars import Floats

# Returns are ratios near one, which float64 holds to 1e-16: a spread of returns below some tens
# of that is rounding of a constant, and dividing by it makes numbers such as 1e14.
ROUNDING: Final = 1e-14


def quotient(numerator: ArrayLike, denominator: ArrayLike, *, floor: ArrayLike = 0.0) -> Floats:
    """Divide element by element; NaN where the denominator does not exceed the floor.

    Parameters
    ----------
    numerator, denominator, floor
        Numbers or arrays of float64 that broadcast together; `floor` >= 0.

    Returns
    -------
    ndarray of float64
        In the broadcast shape, without dimensions for numbers.

    Examples
    --------
    >>> quotient([1.0, 1.0], [4.0, 0.0]).tolist()
    [0.25, nan]
    """
    divisor = np.asarray(denominator, np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.asarray(numerator, np.float64) / divisor
        return np.where(divisor > np.asarray(floor, np.float64), ratio, np.nan)
