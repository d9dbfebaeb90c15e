"""Why the facts of two engines differ."""

from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """What made a difference first; what follows from it belongs to it."""

    MISSING = "missing"
    """The second engine lacks a fill."""

    EXTRA = "extra"
    """The second engine has a fill that the first has not."""

    TIMING = "timing"
    """Both filled, at different times."""

    PRICE = "price"
    """Both filled at the same time, at different prices."""

    QUANTITY = "quantity"
    """Both filled at the same time, and their accounts do not explain the sizes."""

    FEE = "fee"
    """The fee is another part of the notional."""

    FUNDING = "funding"
    """The position does not explain what was paid or received."""

    END_OF_DATA = "end_of_data"
    """One engine has a fill on the last bar that the other has not."""

    ENGINE_MINIMUM = "engine_minimum"
    """One engine left out an order near the minimum notional."""

    STOP_GAP = "stop_gap"
    """Both left by a stop, at the price or the time of their own rules."""

    WITHIN_TOLERANCE = "within_tolerance"
    """All that is too small to be called a difference, together."""


ADMISSIBLE: Final = frozenset({Cause.END_OF_DATA, Cause.ENGINE_MINIMUM, Cause.STOP_GAP})
