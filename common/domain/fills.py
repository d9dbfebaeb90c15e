"""Executions as one structured array, oldest first."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FILL_DTYPE: Final = np.dtype([
    ("ts_ns", np.int64),  # time of execution, nanoseconds since 1970 UTC
    ("side", np.int8),  # OrderSide: +1 bought, -1 sold
    ("price", np.float64),  # quote currency, slippage included
    ("quantity", np.float64),  # base currency, > 0
    ("fee", np.float64),  # quote currency, > 0 is paid
    ("liquidity", np.int8),  # Liquidity
    ("reason", np.int8),  # FillReason
])

type Fills = NDArray[np.void]


def no_fills() -> Fills:
    """Return an empty array of fills."""
    return np.empty(0, FILL_DTYPE)
