"""What a statistic is over many random histories."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from research.validation.samples import checked


@dataclass(frozen=True, eq=False, slots=True)
class Distribution:
    """Values of a statistic, one per random history.

    Parameters
    ----------
    values : ndarray of float64, shape (n_paths,)
        In the order of drawing, finite, at least one.

    Raises
    ------
    TooFewPeriods
        If there is none.
    InvalidInput
        If one is not finite.
    """

    values: Floats

    def __post_init__(self) -> None:
        checked(self.values, noun="values of the statistic")
        self.values.flags.writeable = False

    @classmethod
    def of(cls, values: Iterable[float]) -> "Distribution":
        """Return the distribution of these values."""
        return cls(np.fromiter(values, np.float64))

    def quantile(self, level: float) -> float:
        """Return the value that a share of the histories stays at or below.

        Raises
        ------
        InvalidArgument
            If the level is not in [0, 1].

        Examples
        --------
        >>> Distribution(np.array([3.0, 1.0, 2.0])).quantile(0.25)
        1.5
        """
        if not 0.0 <= level <= 1.0:
            raise InvalidArgument(f"the level is {level}, must be in [0, 1]")
        return float(np.quantile(self.values, level, method="linear"))

    def share_at_least(self, value: float) -> float:
        """Return the p-value of an observed value: how often chance does as well or better.

        Returns
        -------
        float
            ``(1 + number of values >= value) / (1 + number of values)``, in (0, 1]. The one is
            the observed history itself, which is possible under chance; without it a p-value
            could be zero, which no number of random histories can prove.

        References
        ----------
        B. Phipson and G. K. Smyth, "Permutation P-values Should Never Be Zero", *Statistical
        Applications in Genetics and Molecular Biology* 9(1), 2010, eq. 2.

        Examples
        --------
        >>> Distribution(np.array([3.0, 1.0, 2.0])).share_at_least(3.0)
        0.5
        """
        return float((1 + np.count_nonzero(self.values >= value)) / (1 + len(self.values)))
