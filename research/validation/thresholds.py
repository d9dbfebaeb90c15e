"""What a strategy must show before it may be a candidate."""

from dataclasses import dataclass, fields
from math import isfinite
from typing import Final

from common.domain.errors import InvalidArgument

# Those that are shares or probabilities.
_SHARES: Final = (
    "deflated_sharpe",
    "overfitting",
    "walk_forward_windows",
    "neighbourhood",
    "bootstrap_level",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The numbers of the gates; the defaults are conservative.

    Parameters
    ----------
    round_trips, years
        Fewest closed round trips out of sample, or fewest years of it: one of them suffices.
    deflated_sharpe
        Least deflated Sharpe ratio, a probability.
    overfitting
        Largest probability of backtest overfitting.
    walk_forward_efficiency
        Least growth on the tests over growth on the trains.
    walk_forward_windows
        Least share of windows whose test earned.
    doubled_costs
        Total return that must be exceeded at twice the costs, a fraction.
    delay
        Least Sharpe ratio one bar late over that in time.
    neighbourhood
        Least share of neighbouring parameters that earn.
    bootstrap_level, bootstrap
        Quantile of the bootstrapped total returns, and the return it must exceed, a fraction.
    parity
        Largest difference between engines that no admissible cause explains, fraction of equity.

    Raises
    ------
    InvalidArgument
        If one is not finite, negative although it may not be, or a share above 1.
    """

    round_trips: int = 100
    years: float = 2.0
    deflated_sharpe: float = 0.95
    overfitting: float = 0.20
    walk_forward_efficiency: float = 0.5
    walk_forward_windows: float = 0.60
    doubled_costs: float = 0.0
    delay: float = 0.5
    neighbourhood: float = 0.70
    bootstrap_level: float = 0.05
    bootstrap: float = 0.0
    parity: float = 1e-6

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            high = 1.0 if name in _SHARES else None
            if not (isfinite(value) and value >= 0.0 and (high is None or value <= high)):
                bound = "in [0, 1]" if high else "finite and at least 0"
                raise InvalidArgument(f"the threshold {name} is {value}, must be {bound}")


DEFAULTS: Final = Thresholds()
