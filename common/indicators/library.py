"""The one door to TA-Lib."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from common.domain.bars import Floats
from common.domain.loading import light_import


@cache
def _library() -> Any:
    # Imported on first use: the web process imports indicators only to list them. TA-Lib
    # looks for pandas and polars to take their columns, which are never given to it here.
    with light_import("pandas", "polars"):
        import talib

    return talib


def ta_lib(name: str, *columns: Floats, **options: float) -> Floats:
    """Return what the TA-Lib function of that name gives, for one with a single output.

    Parameters
    ----------
    name
        Name in upper case, `SMA`.
    *columns : ndarray of float64, shape (n_bars,)
        Finite and of one length, see `check_columns`.
    **options
        The function's own parameters.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN until the function has seen enough bars.
    """
    return np.asarray(getattr(_library(), name)(*columns, **options), dtype=np.float64)


def ta_lib_columns(name: str, *columns: Floats, **options: float) -> tuple[Floats, ...]:
    """Return what the TA-Lib function of that name gives, for one with several outputs."""
    outputs = getattr(_library(), name)(*columns, **options)
    return tuple(np.asarray(output, dtype=np.float64) for output in outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFunction:
    """A TA-Lib function as a row of a table: our parameter names, our order of outputs.

    Parameters
    ----------
    name
        TA-Lib's name, `WILLR`.
    options
        TA-Lib's parameter name for each of ours.
    picks
        Positions of the outputs to give, in our order; empty for a single output.
    bounds
        Range the formula cannot leave; rounding leaves it by 1e-13.
    """

    name: str
    options: Mapping[str, str]
    picks: tuple[int, ...] = ()
    bounds: tuple[float, float] = (-np.inf, np.inf)

    def __call__(self, *columns: Floats, **params: float) -> tuple[Floats, ...]:
        """Return the outputs for columns that have been checked."""
        options = {self.options[name]: value for name, value in params.items()}
        if not self.picks:
            return (np.clip(ta_lib(self.name, *columns, **options), *self.bounds),)
        outputs = ta_lib_columns(self.name, *columns, **options)
        return tuple(np.clip(outputs[index], *self.bounds) for index in self.picks)
