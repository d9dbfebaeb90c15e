"""A search as it is asked for: how the next sets are found, and how many are tried."""

from dataclasses import dataclass
from typing import Any, Final, Self

from common.domain.errors import InvalidArgument

MOST_TRIALS: Final = 100_000
# Fractions of the bars after which a set that does badly may be given up.
RUNGS: Final = (0.25, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How a space of parameters is searched, instead of trying all of it.

    Parameters
    ----------
    method
        By name; `research.search.methods` has them.
    n_trials
        How many sets are tried, in [1, 100,000].
    pruning
        Whether a set may be given up after a part of the bars.

    Raises
    ------
    InvalidArgument
        If the number is out of range.
    """

    method: str
    n_trials: int
    pruning: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.n_trials <= MOST_TRIALS:
            raise InvalidArgument(
                f"a search of {self.n_trials} trials: must be in [1, {MOST_TRIALS}]"
            )

    def describe(self) -> dict[str, Any]:
        """Return all but the method, as JSON values."""
        return {"n_trials": self.n_trials, "pruning": self.pruning}

    @classmethod
    def of(cls, method: str, document: dict[str, Any]) -> Self:
        """Return the search of a document that `describe` wrote."""
        return cls(method=method, **document)
