"""Where the stops of a position lie, in exact arithmetic; no framework."""

from dataclasses import dataclass
from decimal import Decimal

from common.domain.enums import FillReason
from research.engines.nautilus.sizing import exact
from trading.strategies.base import StopSpec


@dataclass(slots=True, kw_only=True)
class RoundTrip:
    """An open position as its stops see it.

    Parameters
    ----------
    side
        1 for long, -1 for short.
    average
        Average entry price, slippage included.
    best
        Best of the entry price and the closes since, which the trailing level follows.
    """

    side: int
    average: Decimal
    best: Decimal

    def mark(self, close: float) -> None:
        """Count a close: the trailing level moves with it from the next bar on."""
        self.best = max(self.best * self.side, exact(close) * self.side) * self.side

    def stop(self, spec: StopSpec) -> tuple[Decimal, FillReason] | None:
        """Return the nearer of stop loss and trailing level, the stop loss of equals."""
        found = [
            (origin * (1 - self.side * exact(distance)), reason)
            for origin, distance, reason in (
                (self.average, spec.stop_loss, FillReason.STOP_LOSS),
                (self.best, spec.trailing, FillReason.TRAILING),
            )
            if distance is not None
        ]
        return max(found, key=lambda level: level[0] * self.side, default=None)

    def aim(self, spec: StopSpec) -> Decimal | None:
        """Return the level of the take profit, None if there is none above zero."""
        if spec.take_profit is None:
            return None
        level = self.average * (1 + self.side * exact(spec.take_profit))
        return level if level > 0 else None
