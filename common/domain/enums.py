"""Enumerations shared by the apps; the words are those of FIX and NautilusTrader."""

from enum import IntEnum, StrEnum


class SeriesKind(StrEnum):
    """What a series holds."""

    BARS = "bars"
    TRADES = "trades"
    EVENTS = "events"
    FUNDING = "funding"


class MarketType(StrEnum):
    """What is traded: the asset itself, or a perpetual settled in the quote currency."""

    SPOT = "SPOT"
    LINEAR_PERPETUAL = "LINEAR_PERPETUAL"


class OrderSide(IntEnum):
    """Direction of an order or a fill; the number is the sign of the position change."""

    BUY = 1
    SELL = -1


class Liquidity(IntEnum):
    """Whether a fill took liquidity or gave it."""

    TAKER = 0
    MAKER = 1


class FillReason(IntEnum):
    """Why an order was made."""

    TARGET = 0
    STOP_LOSS = 1
    TAKE_PROFIT = 2
    TRAILING = 3


class RunStatus(StrEnum):
    """Where a run stands; the last four are final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    REFUSED = "REFUSED"


class Severity(StrEnum):
    """How bad a finding in stored data is: an error blocks a run, a warning does not."""

    WARNING = "WARNING"
    ERROR = "ERROR"


class Comparison(StrEnum):
    """How a value must stand to its threshold."""

    AT_LEAST = "at least"
    AT_MOST = "at most"
    ABOVE = "above"

    def holds(self, value: float, threshold: float) -> bool:
        """Return whether it does.

        Examples
        --------
        >>> [comparison.holds(0.5, 0.5) for comparison in Comparison]
        [True, True, False]
        """
        match self:
            case Comparison.AT_LEAST:
                return value >= threshold
            case Comparison.AT_MOST:
                return value <= threshold
            case Comparison.ABOVE:
                return value > threshold
