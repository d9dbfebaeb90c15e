"""What two engines differ by, in money, and whether it is too much."""

from dataclasses import dataclass

from research.parity.attribution import Difference, attribute
from research.parity.causes import Cause
from research.parity.facts import TOLERANCE, Facts, Terms
from research.parity.matching import PairSummary, match, summarise


@dataclass(frozen=True, slots=True, kw_only=True)
class PairReport:
    """How two engines compare.

    Parameters
    ----------
    summary
        In numbers.
    equity_a, equity_b
        Final equity, recomputed from fills and funding, quote currency.
    differences
        Oldest first; their money adds up to `equity_b` less `equity_a`.
    """

    summary: PairSummary
    equity_a: float
    equity_b: float
    differences: tuple[Difference, ...]

    @property
    def inadmissible_money(self) -> float:
        """Sum of the money of all differences that engines may not have, without its sign.

        One that cost something and one that earned it do not make each other good.
        """
        return sum(abs(each.money) for each in self.differences if not each.is_admissible)

    @property
    def is_equal(self) -> bool:
        """Whether what engines may not differ by is a millionth of equity at most."""
        return self.inadmissible_money <= TOLERANCE * abs(self.equity_a)

    def by_cause(self) -> dict[Cause, tuple[int, float]]:
        """Return the number of differences and their money by cause, the dearest first."""
        sums: dict[Cause, tuple[int, float]] = {}
        for each in self.differences:
            count, money = sums.get(each.cause, (0, 0.0))
            sums[each.cause] = (count + each.count, money + each.money)
        return dict(sorted(sums.items(), key=lambda entry: -abs(entry[1][1])))


def compare_pair(*, a: Facts, b: Facts, terms: Terms) -> PairReport:
    """Compare the facts of two engines that were given the same.

    Parameters
    ----------
    a, b
        `b` is measured against `a`.
    terms
        What both were given.
    """
    matching = match(a, b, terms)
    return PairReport(
        summary=summarise(a=a, b=b, terms=terms, matching=matching),
        equity_a=terms.final_equity(a),
        equity_b=terms.final_equity(b),
        differences=tuple(attribute(a=a, b=b, terms=terms, matching=matching)),
    )
