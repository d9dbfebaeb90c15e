"""Stops once more, in exact arithmetic: where a position leaves a bar, and why.

The rule, with the readings that its words leave open:

- Levels are fractions of the round trip's average entry price: prices as filled, slippage
  included, fees excluded, weighted by quantity. What reduces a position leaves the average
  as it is; a change of sign begins a new round trip.
- They live from the bar of the entry fill on, after that fill at its open. A target order
  goes first; what it leaves of a position is tested from that open on, at new levels.
- A bar is tested in this order: open at or beyond the stop, then the take profit: out at
  the open, be that worse (stop) or better (take profit) than the level; stop touched,
  then take profit touched: out at the level.
- The trailing level starts from the price of the entry fill and follows the best close
  since, from the bar after that close on; it never moves away from the price.
- Of a stop loss and a trailing stop the nearer one counts; if they are equal, the stop loss.
"""

from dataclasses import dataclass
from decimal import Decimal

from common.domain.enums import FillReason
from trading.strategies.base import StopSpec


@dataclass(frozen=True, slots=True)
class Bar:
    """Open time and prices of a bar, exact."""

    open_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(slots=True)
class RoundTrip:
    """Where the open position was entered, and the best close (or entry) since."""

    average: Decimal
    best: Decimal

    def add(self, *, held: int, size: int, price: Decimal) -> None:
        """Count `size` lots bought or sold into a position of `held`, all unsigned."""
        self.average = (self.average * held + price * size) / (held + size)

    def mark(self, close: Decimal, *, side: int) -> None:
        """Move what the trailing level follows, for the bars to come."""
        self.best = max(self.best * side, close * side) * side


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of the position's exits, exact, and the StopSpec they come from."""

    spec: StopSpec

    def find_exit(
        self, trip: RoundTrip, bar: Bar, *, side: int
    ) -> tuple[Decimal, FillReason] | None:
        """Return price (before slippage) and reason of the exit in this bar, or None."""
        stop = self._stop(trip, side)
        aim = self._aim(trip, side)
        against, in_favour = (bar.low, bar.high) if side > 0 else (bar.high, bar.low)
        if stop and (bar.open - stop[0]) * side <= 0:
            return bar.open, stop[1]
        if aim is not None and (bar.open - aim) * side >= 0:
            return bar.open, FillReason.TAKE_PROFIT
        if stop and (against - stop[0]) * side <= 0:
            return stop
        if aim is not None and (in_favour - aim) * side >= 0:
            return aim, FillReason.TAKE_PROFIT
        return None

    def _stop(self, trip: RoundTrip, side: int) -> tuple[Decimal, FillReason] | None:
        found = [
            (origin * (1 - side * Decimal(repr(distance))), reason)
            for origin, distance, reason in (
                (trip.average, self.spec.stop_loss, FillReason.STOP_LOSS),
                (trip.best, self.spec.trailing, FillReason.TRAILING),
            )
            if distance is not None
        ]
        # max() keeps the first of equals.
        return max(found, key=lambda level: level[0] * side, default=None)

    def _aim(self, trip: RoundTrip, side: int) -> Decimal | None:
        distance = self.spec.take_profit
        return None if distance is None else trip.average * (1 + side * Decimal(repr(distance)))
