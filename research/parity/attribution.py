"""Every difference between two engines, by its first cause, in money.

The final equity of an account is linear in its fills: each is worth
side * quantity * (last close - price) - fee. The differences of two accounts are therefore
booked like trades: each difference has an account of its own, of cash and of position, and
what later fills differ by because an earlier difference changed the position or the equity
they were sized from is booked to that earlier one. At the last close the accounts add up to
the difference in final equity.
"""

from dataclasses import dataclass
from typing import Final

from research.parity.causes import ADMISSIBLE, Cause
from research.parity.facts import Facts, Terms
from research.parity.matching import Matching
from research.parity.moves import join_funding
from research.parity.walk import Walk

MOST_OF_A_CAUSE: Final = 200
_ROUNDING: Final = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference between two engines.

    Parameters
    ----------
    cause
        What made it first.
    ts_ns
        When it began; of several together, the first.
    side
        +1 a buy, -1 a sell, 0 neither.
    round_trip
        Number of the round trip of the first engine in or after which it began; 0 is before
        the first.
    count
        How many it stands for: 1, or the further ones of a cause.
    money
        What it changed in the final equity of the second engine, quote currency, with all
        that followed from it.
    """

    cause: Cause
    ts_ns: int
    side: int
    round_trip: int
    count: int
    money: float

    @property
    def is_admissible(self) -> bool:
        """Whether engines may differ so."""
        return self.cause in ADMISSIBLE


def attribute(
    *, a: Facts, b: Facts, terms: Terms, matching: Matching, most: int = MOST_OF_A_CAUSE
) -> list[Difference]:
    """Return the differences of `b` against `a`, oldest first.

    Their money adds up to the final equity of `b` less that of `a`, apart from the rounding
    of floats.
    """
    walk = Walk(terms, matching, most)
    funding = join_funding(a.funding, b.funding)
    at = 0
    for step in matching.steps:
        # Funding at the moment of a fill is that of the position before it.
        while at < len(funding) and funding[at].ts_ns <= step.ts_ns:
            walk.fund(funding[at])
            at += 1
        walk.take(step)
    for due in funding[at:]:
        walk.fund(due)
    accounts = walk.accounts
    money = accounts.cash + accounts.quantity * float(terms.bars.close[-1])
    rest, *own = [
        Difference(
            cause=entry.cause,
            ts_ns=entry.ts_ns,
            side=entry.side,
            round_trip=entry.round_trip,
            count=entry.count,
            money=float(amount),
        )
        for entry, amount in zip(accounts.entries, money, strict=True)
    ]
    # What the rounding of floats leaves is nothing to show.
    return [*own, rest] if abs(rest.money) > _ROUNDING * terms.cash else own
