"""The numbers that a strategy must meet before it may be a candidate, and how far they may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final

from common.domain.enums import Comparison
from trading.exceptions import InvalidThreshold, UnknownThreshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One number that can be set.

    Parameters
    ----------
    key
        Its name.
    comparison
        How what is found must stand to it; this also says which direction is the strict one.
    default
        What holds until somebody sets it; conservative.
    low, high
        What it may be set to, both included.
    is_whole
        Whether it counts something.
    meaning
        What it bounds, with its unit.
    """

    key: str
    comparison: Comparison
    default: float
    low: float
    high: float
    meaning: str
    is_whole: bool = False

    def check(self, value: float) -> None:
        """Refuse a value that would make the gate meaningless.

        Raises
        ------
        InvalidThreshold
            If it is out of bounds, or not whole where it counts.
        """
        if not (isfinite(value) and self.low <= value <= self.high):
            raise InvalidThreshold(
                f"the threshold {self.key} is {value}, must be in [{self.low:g}, {self.high:g}]",
                threshold=self.key,
            )
        if self.is_whole and value != int(value):
            raise InvalidThreshold(
                f"the threshold {self.key} is {value}, must be a whole number", threshold=self.key
            )

    def is_looser(self, value: float, than: float) -> bool:
        """Return whether more would pass with the value than with the other."""
        return value > than if self.comparison is Comparison.AT_MOST else value < than


# In the order of the gates. Probabilities stop short of what everything, or nothing, passes.
_ALL: Final = (
    Threshold(
        key="round_trips",
        comparison=Comparison.AT_LEAST,
        default=100,
        low=10,
        high=100_000,
        is_whole=True,
        meaning="Closed round trips out of sample, where the years do not suffice",
    ),
    Threshold(
        key="years",
        comparison=Comparison.AT_LEAST,
        default=2.0,
        low=0.25,
        high=50.0,
        meaning="Years out of sample, where the round trips do not suffice",
    ),
    Threshold(
        key="deflated_sharpe",
        comparison=Comparison.AT_LEAST,
        default=0.95,
        low=0.5,
        high=0.9999,
        meaning="Deflated Sharpe ratio, a probability",
    ),
    Threshold(
        key="overfitting",
        comparison=Comparison.AT_MOST,
        default=0.20,
        low=0.0001,
        high=0.5,
        meaning="Probability of backtest overfitting; noise has about 0.5",
    ),
    Threshold(
        key="walk_forward_efficiency",
        comparison=Comparison.AT_LEAST,
        default=0.5,
        low=0.0,
        high=2.0,
        meaning="Growth on the tests over growth on the trains",
    ),
    Threshold(
        key="walk_forward_windows",
        comparison=Comparison.AT_LEAST,
        default=0.60,
        low=0.0,
        high=1.0,
        meaning="Share of windows whose test earned",
    ),
    Threshold(
        key="doubled_costs",
        comparison=Comparison.ABOVE,
        default=0.0,
        low=0.0,
        high=10.0,
        meaning="Total return at twice the costs, a fraction",
    ),
    Threshold(
        key="delay",
        comparison=Comparison.AT_LEAST,
        default=0.5,
        low=0.0,
        high=1.0,
        meaning="Sharpe ratio one bar late over that in time",
    ),
    Threshold(
        key="neighbourhood",
        comparison=Comparison.AT_LEAST,
        default=0.70,
        low=0.0,
        high=1.0,
        meaning="Share of neighbouring parameters that earn",
    ),
    Threshold(
        key="bootstrap_level",
        comparison=Comparison.AT_MOST,
        default=0.05,
        low=0.0001,
        high=0.5,
        meaning="Which quantile of the bootstrapped returns is looked at",
    ),
    Threshold(
        key="bootstrap",
        comparison=Comparison.ABOVE,
        default=0.0,
        low=0.0,
        high=10.0,
        meaning="That quantile, a total return, a fraction",
    ),
    Threshold(
        key="parity",
        comparison=Comparison.AT_MOST,
        default=1e-6,
        low=0.0,
        high=0.01,
        meaning="Difference between engines without an admissible cause, a fraction of equity",
    ),
    Threshold(
        key="evidence_days",
        comparison=Comparison.AT_MOST,
        default=90,
        low=1,
        high=3_650,
        is_whole=True,
        meaning="Age in days of a verdict on which a promotion rests",
    ),
)
THRESHOLDS: Final[Mapping[str, Threshold]] = {each.key: each for each in _ALL}


def get_threshold(key: str) -> Threshold:
    """Return a threshold.

    Raises
    ------
    UnknownThreshold
        If there is none of that name.
    """
    found = THRESHOLDS.get(key)
    if found is None:
        raise UnknownThreshold(
            f"there is no threshold {key!r}; there are: {', '.join(THRESHOLDS)}", threshold=key
        )
    return found
