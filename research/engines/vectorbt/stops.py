"""Where the positions that vectorbt filled meet their stops.

vectorbt makes one order a row and tests its own stops before that row's signal, so that
neither the bar of an entry nor a target order at the same open follows the rule; its
trailing stop follows highs. Stops are therefore orders of their own, in rows of their own:
this module finds bar and level from vectorbt's fills, vectorbt executes, and its new fills
are looked at again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from itertools import zip_longest
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.domain.enums import FillReason
from research.engines.vectorbt.inputs import Inputs, Stop
from research.engines.vectorbt.runner import Records
from trading.strategies.base import StopSpec

_EXACT: Final = Context(prec=60)
# Opens, highs, lows and closes.
type _Window = tuple[Floats, Floats, Floats, Floats]

# Relative: bars this near a level are looked at exactly.
_NEAR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Fill:
    bar: int
    price: Decimal
    before: float
    after: float
    reason: int

    @property
    def opens(self) -> bool:
        """Whether a round trip begins with it."""
        return self.after != 0 and self.before * self.after <= 0


@dataclass(frozen=True, slots=True)
class _Position:
    """A position as it stands after a fill, and the best close (or entry) of its round trip."""

    side: int
    average: Decimal
    best: Decimal

    def after(self, fill: _Fill) -> "_Position":
        """Return the position with the average that a fill which adds to it makes."""
        held, size = abs(Decimal(fill.before)), abs(Decimal(fill.after - fill.before))
        if abs(fill.after) <= abs(fill.before):
            return self
        return replace(self, average=(self.average * held + fill.price * size) / (held + size))


def find_stops(
    *, records: Records, inputs: Inputs, bars: Bars, spec: StopSpec
) -> tuple[Stop, ...]:
    """Return every stop that the fills and the bars make, oldest first.

    Notes
    -----
    A stop found where the records have none ends its round trip: what they hold of it
    later is not looked at, and the next round of orders will be without it.
    """
    with localcontext(_EXACT):
        return tuple(_find_stops(_read_fills(records, inputs), bars, spec))


def _find_stops(fills: list[_Fill], bars: Bars, spec: StopSpec) -> Iterator[Stop]:
    position: _Position | None = None
    for fill, following in zip_longest(fills, fills[1:]):
        if fill.opens:
            position = _Position(1 if fill.after > 0 else -1, fill.price, fill.price)
        elif position is not None:
            is_over = not fill.after or fill.reason != FillReason.TARGET
            position = None if is_over else position.after(fill)
        if position is None:
            continue
        end = len(bars) if following is None else following.bar
        if following is not None and following.reason != FillReason.TARGET:
            end += 1
        levels = _Levels(position, spec, _window(bars, fill.bar, end))
        found = levels.first_exit()
        if found is not None:
            row, price, reason = found
            yield Stop(fill.bar + row, price, reason)
            position = None
        else:
            position = replace(position, best=Decimal(repr(float(levels.best[-1]))))


def _window(bars: Bars, start: int, end: int) -> _Window:
    rows = slice(start, end)
    return bars.open[rows], bars.high[rows], bars.low[rows], bars.close[rows]


class _Levels:
    """The levels of a position over the bars until the next fill."""

    def __init__(self, position: _Position, spec: StopSpec, window: _Window) -> None:
        side = position.side
        self.position, self.spec = position, spec
        self.opens, high, low, closes = window
        self.against, self.in_favour = (low, high) if side > 0 else (high, low)
        # Of the closes before each bar, and after the last.
        self.best: Floats = side * np.maximum.accumulate(
            side * np.concatenate([[float(position.best)], closes])
        )

    def first_exit(self) -> tuple[int, float, FillReason] | None:
        """Return row, price and reason of the first exit, or None."""
        for row in np.flatnonzero(self._may_leave()):
            found = self._exit(int(row))
            if found is not None:
                return int(row), float(found[0]), found[1]
        return None

    def _may_leave(self) -> NDArray[np.bool_]:
        side, average = self.position.side, float(self.position.average)
        near: NDArray[np.bool_] = np.zeros(len(self.opens), np.bool_)
        for origin, distance in (
            (average, self.spec.stop_loss),
            (self.best[:-1], self.spec.trailing),
        ):
            if distance is not None:
                level = origin * (1 - side * distance)
                near |= (self.against - level) * side <= _NEAR * level
        if self.spec.take_profit is not None:
            level = average * (1 + side * self.spec.take_profit)
            near |= (self.in_favour - level) * side >= -_NEAR * abs(level)
        return near

    def _exit(self, row: int) -> tuple[Decimal, FillReason] | None:
        side = self.position.side
        opening, against, in_favour = (
            Decimal(repr(float(prices[row])))
            for prices in (self.opens, self.against, self.in_favour)
        )
        stop, aim = self._stop(row), self._aim()
        if stop and (opening - stop[0]) * side <= 0:
            return opening, stop[1]
        if aim is not None and (opening - aim) * side >= 0:
            return opening, FillReason.TAKE_PROFIT
        if stop and (against - stop[0]) * side <= 0:
            return stop
        if aim is not None and (in_favour - aim) * side >= 0:
            return aim, FillReason.TAKE_PROFIT
        return None

    def _stop(self, row: int) -> tuple[Decimal, FillReason] | None:
        side, levels = self.position.side, list[tuple[Decimal, FillReason]]()
        if self.spec.stop_loss is not None:
            kept = 1 - side * Decimal(repr(self.spec.stop_loss))
            levels.append((self.position.average * kept, FillReason.STOP_LOSS))
        if self.spec.trailing is not None:
            kept = 1 - side * Decimal(repr(self.spec.trailing))
            best = Decimal(repr(float(self.best[row])))
            levels.append((best * kept, FillReason.TRAILING))
        # Of equals the first: the stop loss.
        return max(levels, key=lambda level: level[0] * side, default=None)

    def _aim(self) -> Decimal | None:
        if self.spec.take_profit is None:
            return None
        return self.position.average * (
            1 + self.position.side * Decimal(repr(self.spec.take_profit))
        )


def _read_fills(records: Records, inputs: Inputs) -> list[_Fill]:
    rows = records.row[records.is_filled]
    return [
        _Fill(bar, Decimal(repr(price)), before, after, reason)
        for bar, price, before, after, reason in zip(
            inputs.bar[rows].tolist(),
            records.price[records.is_filled].tolist(),
            records.position[records.is_filled].tolist(),
            records.position_after[records.is_filled].tolist(),
            inputs.reason[rows].tolist(),
            strict=True,
        )
    ]
