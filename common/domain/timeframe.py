"""The length of a bar and the grid its open times lie on."""

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.errors import InvalidArgument
from common.domain.time import NANOSECONDS

_UNIT_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_YEAR_SECONDS: Final = 365 * 86_400
# 1970-01-01 was a Thursday; the first Monday after it begins four days later.
_FIRST_MONDAY_NS: Final = 4 * 86_400 * NANOSECONDS


class Timeframe(StrEnum):
    """The lengths of bars that are supported, in ccxt's words."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    W1 = "1w"

    @classmethod
    def parse(cls, text: str) -> "Timeframe":
        """Return the timeframe of that name.

        Raises
        ------
        InvalidArgument
            If there is none; the message lists those there are.
        """
        try:
            return cls(text)
        except ValueError as e:
            known = " ".join(cls)
            raise InvalidArgument(f"unknown timeframe {text!r}; known: {known}") from e

    @property
    def seconds(self) -> int:
        """Length in seconds."""
        return int(self.value[:-1]) * _UNIT_SECONDS[self.value[-1]]

    @property
    def nanoseconds(self) -> int:
        """Length in nanoseconds."""
        return self.seconds * NANOSECONDS

    @property
    def origin_ns(self) -> int:
        """An open time on the grid: weeks begin on Monday, all others divide the day of 1970."""
        return _FIRST_MONDAY_NS if self is Timeframe.W1 else 0

    @property
    def periods_per_year(self) -> float:
        """Bars in a year of 365 days."""
        return _YEAR_SECONDS / self.seconds

    def floor(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the open time of the bar that each time falls in."""
        origin, step = self.origin_ns, self.nanoseconds
        return (times_ns - origin) // step * step + origin
