"""Funding once more, in exact arithmetic: which entries a position makes, in time order."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from common.domain.bars import Bars
from common.domain.funding import FUNDING_DTYPE, FundingEntries, FundingRates

type _Entry = tuple[int, float, float, float, float]


@dataclass(slots=True)
class Funding:
    """The rates of a period, taken one after another as time passes."""

    rates: FundingRates | None
    bars: Bars
    at: int = 0
    entries: list[_Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        # What was due before the period is nobody's.
        if self.rates is not None:
            self.at = int(np.searchsorted(self.rates.ts_ns, self.bars.open_ns[0]))

    def pay(self, until_ns: int, quantity: Decimal) -> Decimal:
        """Return what a position receives at the times before this one that are left."""
        paid = Decimal(0)
        while (time := self._time()) is not None and time < until_ns:
            assert self.rates is not None
            rate = float(self.rates.rate[self.at])
            mark = self._mark(time)
            amount = -quantity * Decimal(repr(mark)) * Decimal(repr(rate))
            if quantity:
                self.entries.append((time, rate, mark, float(quantity), float(amount)))
            paid += amount
            self.at += 1
        return paid

    def booked(self) -> FundingEntries:
        """Return the entries so far."""
        return np.array(self.entries, FUNDING_DTYPE)

    def _time(self) -> int | None:
        if self.rates is None or self.at >= len(self.rates):
            return None
        return int(self.rates.ts_ns[self.at])

    def _mark(self, time: int) -> float:
        assert self.rates is not None
        mark = float(self.rates.mark[self.at])
        if not np.isnan(mark):
            return mark
        return float(self.bars.open[self.bars.open_ns <= time][-1])
