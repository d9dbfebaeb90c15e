"""Round trips once more: one fill and one bar at a time, in exact fractions, for comparison."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple


class Execution(NamedTuple):
    """A fill at the open of a bar: signed whole lots, price, and fee."""

    bar: int
    lots: int
    price: Fraction
    fee: Fraction


class Candidate(NamedTuple):
    """A bar's range and close."""

    low: Fraction
    high: Fraction
    close: Fraction


@dataclass
class Trip:
    """A round trip while it lasts and after."""

    side: int
    entry_bar: int
    exit_bar: int | None = None
    held: int = 0
    max_held: int = 0
    flow: Fraction = Fraction()
    fees: Fraction = Fraction()
    shown: list[Fraction] = field(default_factory=lambda: [Fraction()])
    entries: list[tuple[int, Fraction]] = field(default_factory=list)
    exits: list[tuple[int, Fraction]] = field(default_factory=list)

    def trade(self, lots: int, price: Fraction, fee: Fraction) -> None:
        (self.entries if lots * self.side > 0 else self.exits).append((abs(lots), price))
        self.held += lots
        self.max_held = max(self.max_held, abs(self.held))
        self.flow -= lots * price
        self.fees += fee
        self.show(price)

    def show(self, price: Fraction) -> None:
        self.shown.append(self.flow + self.held * price)

    @property
    def notional(self) -> Fraction:
        return sum((lots * price for lots, price in self.entries), Fraction())

    @property
    def mae(self) -> Fraction:
        return -min(self.shown) / self.notional

    @property
    def mfe(self) -> Fraction:
        return max(self.shown) / self.notional


def average(parts: Sequence[tuple[int, Fraction]]) -> Fraction:
    return sum((lots * price for lots, price in parts), Fraction()) / sum(
        lots for lots, _ in parts
    )


def replay(
    executions: Sequence[Execution], bars: Sequence[Candidate]
) -> tuple[list[Trip], Trip | None, int]:
    """Return the closed trips, the open one, and the closes at which something was held."""
    closed: list[Trip] = []
    trip: Trip | None = None
    exposed = 0
    for index, bar in enumerate(bars):
        for fill in executions:
            if fill.bar == index:
                trip = _apply(fill, trip, closed)
        if trip is not None:
            exposed += 1
            trip.show(bar.low)
            trip.show(bar.high)
    if trip is not None:
        trip.trade(-trip.held, bars[-1].close, Fraction())
    return closed, trip, exposed


def _apply(fill: Execution, trip: Trip | None, closed: list[Trip]) -> Trip | None:
    side = 1 if fill.lots > 0 else -1
    if trip is None:
        trip = Trip(side, fill.bar)
        trip.trade(fill.lots, fill.price, fill.fee)
        return trip
    rest = fill.lots + trip.held
    if rest * trip.side >= 0:
        trip.trade(fill.lots, fill.price, fill.fee)
    else:
        share = fill.fee * abs(trip.held) / abs(fill.lots)
        trip.trade(-trip.held, fill.price, share)
        fill = Execution(fill.bar, rest, fill.price, fill.fee - share)
    if trip.held:
        return trip
    trip.exit_bar = fill.bar
    closed.append(trip)
    return _apply(fill, None, closed) if rest else None
