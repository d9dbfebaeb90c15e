"""Two accounts fill by fill, and what differs between them."""

from typing import Final

import numpy as np

from common.domain.bars import Floats
from research.parity.accounts import DifferenceAccounts, Entry, Trade, explained
from research.parity.causes import Cause
from research.parity.facts import Terms
from research.parity.matching import Matching, Step
from research.parity.moves import Fill, Funding, partner_stops, read_fills

# Freqtrade keeps the most in reserve above a minimum: a twentieth, half as much again for
# the stop. What is nearer than that is an engine's own reading of the minimum.
_NEAR_MINIMUM: Final = 1.5
# What is left of the cash after a buy that took all of it, relative to the buy.
_ALL_CASH: Final = 1e-6


class Walk:
    """Both accounts step by step, and what differs between them."""

    def __init__(self, terms: Terms, matching: Matching, most: int) -> None:
        self.terms = terms
        self.fills = [read_fills(matching.fills_a), read_fills(matching.fills_b)]
        self.partner_stops = partner_stops(matching)
        self.accounts = DifferenceAccounts(most)
        self.partners: dict[int, int] = {}
        # Cash and position of either engine; the differences are kept apart from them.
        self.cash = [terms.cash, terms.cash]
        self.held = [0.0, 0.0]
        self.round_trip = 0
        bars = terms.bars
        self.closes_ns = bars.open_ns + bars.timeframe.nanoseconds
        self.last_ns = int(bars.open_ns[-1])

    def take(self, step: Step) -> None:
        """Book what differs in the fills of one time."""
        a = None if step.a is None else self.fills[0][step.a]
        b = None if step.b is None else self.fills[1][step.b]
        if a is not None and self._begins_round_trip(a):
            self.round_trip += 1
        if a is not None and b is not None:
            self._take_joined(step, a, b)
        elif a is not None:
            self._take_alone(step, a, -1)
        elif b is not None:
            self._take_alone(step, b, 1)
        for number, fill in enumerate((a, b)):
            if fill is not None:
                self.cash[number] -= fill.signed * fill.price + fill.fee
                self.held[number] += fill.signed

    def fund(self, due: Funding) -> None:
        """Book what differs in the funding of one time."""
        found = due.b - due.a
        parts = explained(self.accounts.quantity * due.per_unit, found)
        self.accounts.pay_each(parts)
        rest = found - float(parts.sum())
        unit = abs(due.per_unit) * float(self.terms.lot)
        negligible = abs(rest) <= unit or self.terms.same_money(rest, due.a)
        number = 0 if negligible else self._open(Cause.FUNDING, due.ts_ns, 0)
        self.accounts.pay(number, rest)
        self.cash[0] += due.a
        self.cash[1] += due.b

    def _begins_round_trip(self, fill: Fill) -> bool:
        held, flat = self.held[0], float(self.terms.lot) / 2
        return abs(held) < flat or (held * fill.side < 0 and fill.quantity > abs(held) + flat)

    def _carried(self, a: Fill | None, b: Fill | None, ts_ns: int) -> Floats:
        """Return by how much each earlier difference changes the quantity traded now."""
        moved_a, moved_b = (0.0 if fill is None else fill.signed for fill in (a, b))
        accounts = self.accounts
        if a is not None and self._takes_all_cash(0, a) and b is not None and b.side > 0:
            expected = accounts.cash / (a.price + a.unit_fee)
        else:
            expected = self._part_of_equity(moved_a, ts_ns) - accounts.quantity
        return explained(expected, moved_b - moved_a)

    def _part_of_equity(self, moved: float, ts_ns: int) -> Floats:
        """Return what the differences in equity change in the position that is wanted."""
        accounts = self.accounts
        if not self.terms.by_equity:
            return np.zeros(len(accounts.entries))
        row = max(int(np.searchsorted(self.closes_ns, ts_ns, side="right")) - 1, 0)
        mark = float(self.terms.bars.close[row])
        equity = self.cash[0] + self.held[0] * mark
        if equity <= 0:
            return np.zeros(len(accounts.entries))
        wanted = self.held[0] + moved
        part: Floats = wanted / equity * (accounts.cash + accounts.quantity * mark)
        return part

    def _takes_all_cash(self, number: int, fill: Fill) -> bool:
        cost = fill.price + fill.unit_fee
        left = self.cash[number] - cost * fill.quantity
        return fill.side > 0 and left <= cost * max(
            1.5 * float(self.terms.lot), _ALL_CASH * fill.quantity
        )

    def _take_joined(self, step: Step, a: Fill, b: Fill) -> None:
        parts = self._carried(a, b, step.ts_ns)
        accounts, terms = self.accounts, self.terms
        at_price = Trade(price=a.price, unit_fee=a.unit_fee, side=a.side)
        accounts.trade_each(parts, at_price)
        rest = b.signed - a.signed - float(parts.sum())

        stop = a.stop or b.stop
        own_price = Cause.STOP_GAP if stop else Cause.PRICE
        dearer = b.price - a.price
        # Ratios first: they are exactly 1 where nothing differs.
        size_fee = a.fee * (b.quantity / a.quantity)
        rate_fee = size_fee * (b.price / a.price)
        same_fee = terms.same_money(b.fee - rate_fee, max(rate_fee, b.fee))
        by_price = (
            0 if terms.same_price(a.price, b.price) else self._open(own_price, step.ts_ns, a.side)
        )
        by_fee = 0 if same_fee else self._open(Cause.FEE, step.ts_ns, a.side)
        accounts.pay(by_price, -b.signed * dearer - (rate_fee - size_fee))
        accounts.pay(by_fee, rate_fee - b.fee)

        # A buy that takes all cash is as large as its own price and fee let it be.
        all_cash = self._takes_all_cash(0, a) or self._takes_all_cash(1, b)
        number = by_price or by_fee if all_cash else 0
        if not (number or terms.same_quantity(rest, max(a.quantity, b.quantity))):
            number = self._open(Cause.QUANTITY, step.ts_ns, a.side)
        accounts.trade(number, rest, at_price)

    def _take_alone(self, step: Step, fill: Fill, sign: int) -> None:
        a, b = (fill, None) if sign < 0 else (None, fill)
        parts = self._carried(a, b, step.ts_ns)
        trade = Trade(price=fill.price, unit_fee=fill.unit_fee, side=fill.side)
        self.accounts.trade_each(parts, trade)
        rest = sign * fill.signed - float(parts.sum())
        number = 0
        if not self.terms.same_quantity(rest, fill.quantity):
            number = self._account_of(step, fill, sign)
        self.accounts.trade(number, rest, trade)

    def _account_of(self, step: Step, fill: Fill, sign: int) -> int:
        if step.partner is None:
            return self._open(self._cause_alone(step.ts_ns, fill, sign), step.ts_ns, fill.side)
        if step.partner not in self.partners:
            stop = self.partner_stops[step.partner]
            cause = Cause.STOP_GAP if stop else Cause.TIMING
            self.partners[step.partner] = self._open(cause, step.ts_ns, fill.side)
        return self.partners[step.partner]

    def _cause_alone(self, ts_ns: int, fill: Fill, sign: int) -> Cause:
        if ts_ns >= self.last_ns:
            return Cause.END_OF_DATA
        minimum = float(self.terms.min_notional or 0)
        if fill.price * fill.quantity < _NEAR_MINIMUM * minimum:
            return Cause.ENGINE_MINIMUM
        return Cause.EXTRA if sign > 0 else Cause.MISSING

    def _open(self, cause: Cause, ts_ns: int, side: int) -> int:
        return self.accounts.open(Entry(cause, ts_ns, side, self.round_trip))
