"""What a strategy must show before it may be a candidate."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Final

from common.domain.errors import InvalidArgument
from trading.domain.thresholds import THRESHOLDS

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
    """The numbers of the gates, as they are asked at one time.

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

    round_trips: int
    years: float
    deflated_sharpe: float
    overfitting: float
    walk_forward_efficiency: float
    walk_forward_windows: float
    doubled_costs: float
    delay: float
    neighbourhood: float
    bootstrap_level: float
    bootstrap: float
    parity: float

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            high = 1.0 if name in _SHARES else None
            if not (isfinite(value) and value >= 0.0 and (high is None or value <= high)):
                bound = "in [0, 1]" if high else "finite and at least 0"
                raise InvalidArgument(f"the threshold {name} is {value}, must be {bound}")

    @classmethod
    def of(cls, values: Mapping[str, float]) -> "Thresholds":
        """Return those that are in force.

        Parameters
        ----------
        values
            By their names; others are for others.
        """
        numbers: dict[str, Any] = {field.name: values[field.name] for field in fields(cls)}
        return cls(**{**numbers, "round_trips": int(values["round_trips"])})


# What holds until somebody sets it.
DEFAULTS: Final = Thresholds.of({key: each.default for key, each in THRESHOLDS.items()})
