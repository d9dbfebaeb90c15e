"""Values by key, each undefined one with the reason in words."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from common.domain.bars import Floats

_OVERFLOW: Final = "it is beyond the largest float64"


class Statistic(NamedTuple):
    """A key and how it comes from observations.

    Parameters
    ----------
    key
        Name of the value.
    of
        Function of an ndarray of float64, shape (n_observations,), NaN where undefined.
    needed
        Fewest observations that define it.
    reason
        Why it may be undefined with enough of them.
    """

    key: str
    of: Callable[[Floats], ArrayLike]
    needed: int = 1
    reason: str = _OVERFLOW


class Sheet:
    """Collects values and reasons.

    Parameters
    ----------
    blanket
        The reason of everything undefined, whatever else may be wrong; None if there is no
        such reason.

    Attributes
    ----------
    values : dict
        A finite number, or None where undefined, for each key put.
    undefined : dict
        The reason for each key that is None.
    """

    def __init__(self, blanket: str | None = None) -> None:
        self.values: dict[str, float | int | None] = {}
        self.undefined: dict[str, str] = {}
        self._blanket = blanket

    def put(self, key: str, value: ArrayLike, reason: str = _OVERFLOW) -> None:
        """Enter a number; one that is not finite is undefined for that reason.

        Examples
        --------
        >>> sheet = Sheet()
        >>> sheet.put("calmar", np.nan, "there was no drawdown")
        >>> sheet.values, sheet.undefined
        ({'calmar': None}, {'calmar': 'there was no drawdown'})
        """
        number = np.asarray(value).item()
        if isfinite(number):
            # Adding zero turns the -0.0 of a negated zero into 0.0.
            self.values[key] = number + 0
        else:
            self.values[key] = None
            self.undefined[key] = self._blanket or reason

    def put_all(self, statistics: Iterable[Statistic], observations: Floats, *, noun: str) -> None:
        """Enter statistics of the same observations; `noun` is what these are.

        Examples
        --------
        >>> sheet = Sheet()
        >>> spread = Statistic("spread", lambda values: values.std(ddof=1), needed=2)
        >>> sheet.put_all([spread], np.array([1.0, 3.0, 5.0]), noun="prices")
        >>> sheet.values
        {'spread': 2.0}
        """
        count = len(observations)
        for statistic in statistics:
            reason = statistic.reason
            if count < statistic.needed:
                reason = f"the number of {noun} is {count}, at least {statistic.needed} needed"
            elif np.isnan(observations).any():
                reason = "equity was zero or less at the end of a day before the last"
            # Overflow needs no warning: what is not finite is entered as undefined.
            with np.errstate(over="ignore", invalid="ignore"):
                value = statistic.of(observations)
            self.put(statistic.key, value, reason)
