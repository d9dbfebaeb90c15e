"""The one door to TA-Lib."""

from typing import Any

import numpy as np

from common.domain.bars import Floats


def _function(name: str) -> Any:
    # Imported on first use: TA-Lib brings pandas and about a second with it,
    # and the web process imports indicators only to list them.
    import talib  # noqa: PLC0415

    return getattr(talib, name)


def ta_lib(name: str, *columns: Floats, **options: float) -> Floats:
    """Return what the TA-Lib function of that name gives for one output column.

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
    if not len(columns[0]):
        return np.empty(0)
    return np.asarray(_function(name)(*columns, **options), dtype=np.float64)


def ta_lib_columns(name: str, *columns: Floats, **options: float) -> tuple[Floats, ...]:
    """Return what the TA-Lib function of that name gives for several output columns."""
    outputs = _function(name)(*columns, **options)
    return tuple(np.asarray(output, dtype=np.float64) for output in outputs)
