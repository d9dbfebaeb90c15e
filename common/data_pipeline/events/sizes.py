"""Prices on the tick and quantities on the lot, to the last digit."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.events.exceptions import OffLot, OffTick
from common.data_pipeline.events.messages import Batch
from common.data_pipeline.importers.exceptions import (
    InvalidPrice,
    InvalidQuantity,
    UnusableFile,
)
from common.domain.bars import Floats, Times

type Rule = tuple[type[UnusableFile], str]

_NO_PRICE: Final = InvalidPrice, "a price is {}, it must be positive and finite"
_NO_QUANTITY: Final = InvalidQuantity, "a quantity is {}, it must be finite and at least 0"


@dataclass(frozen=True, slots=True)
class Step:
    """The step that prices or quantities are multiples of.

    Parameters
    ----------
    size
        The step, > 0.
    """

    size: Decimal

    def counts(self, values: Floats) -> Times:
        """Return how many steps the nearest multiple of each value has, int64."""
        return np.rint(values / float(self.size)).astype(np.int64)

    def values(self, counts: Times) -> Floats:
        """Return the float64 nearest to each number of steps.

        Notes
        -----
        The step is numerator / denominator. Both are exact in float64, and so is their
        product with a count below 2^53, so that the one division rounds correctly: the result
        is what reading the decimal text gives.

        Examples
        --------
        >>> Step(Decimal("0.1")).values(np.array([3])).tolist()
        [0.3]
        """
        return self._multiples(counts.astype(np.float64))

    def off(self, values: Floats) -> NDArray[np.bool_]:
        """Tell which values are no multiple of the step."""
        nearest = self._multiples(np.rint(values / float(self.size)))
        wrong: NDArray[np.bool_] = nearest != values
        return wrong

    def _multiples(self, counts: Floats) -> Floats:
        numerator, denominator = self.size.as_integer_ratio()
        return counts * float(numerator) / float(denominator)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tick and lot of a series of events."""

    tick: Step
    lot: Step

    def check(self, batch: Batch) -> None:
        """Refuse a price off the tick or a quantity off the lot; names the first row.

        Raises
        ------
        InvalidPrice
            If a price is not positive and finite.
        InvalidQuantity
            If a quantity is negative or not finite.
        OffTick, OffLot
            If one is no multiple.
        """
        price, quantity = batch.rows["px"], batch.rows["qty"]
        # NaN fails both comparisons.
        _refuse(batch, "px", ~((price > 0) & (price < np.inf)), _NO_PRICE)
        _refuse(batch, "qty", ~((quantity >= 0) & (quantity < np.inf)), _NO_QUANTITY)
        off_tick = OffTick, f"the price {{}} is off the tick {self.tick.size}"
        _refuse(batch, "px", self.tick.off(price), off_tick)
        off_lot = OffLot, f"the quantity {{}} is off the lot {self.lot.size}"
        _refuse(batch, "qty", self.lot.off(quantity), off_lot)


def _refuse(  # noqa: PLR0917 - four facts of one rule
    batch: Batch, name: str, wrong: NDArray[np.bool_], rule: Rule
) -> None:
    if not wrong.any():
        return
    place, (kind, problem) = int(np.argmax(wrong)), rule
    raise kind(
        batch.path,
        problem.format(float(batch.rows[name][place])),
        line=int(batch.lines[place]),
        unit=batch.unit,
    )
