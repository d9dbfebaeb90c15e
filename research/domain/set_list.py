"""Parameter sets named one by one, where a grid would try more than is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.domain.errors import InvalidArgument
from trading.strategies.base import Definition
from trading.strategies.parameters import Params, Value


@dataclass(frozen=True, slots=True)
class SetList:
    """Sets in the order given.

    Parameters
    ----------
    given
        Each set, whole or to be filled up with the defaults of the strategy.

    Raises
    ------
    InvalidArgument
        If there is none.
    """

    given: tuple[Mapping[str, Value], ...]

    def __post_init__(self) -> None:
        if not self.given:
            raise InvalidArgument("there is no set of parameters to try")

    @property
    def size(self) -> int:
        """How many sets there are."""
        return len(self.given)

    def describe(self) -> dict[str, list[str]]:
        """Return the values of each parameter, set by set, as JSON values."""
        names = list(dict.fromkeys(name for params in self.given for name in params))
        return {name: [str(params.get(name, "")) for params in self.given] for name in names}

    def written(self, first: int, count: int) -> list[dict[str, Value]]:
        """Return some sets by their places, not completed."""
        return [dict(params) for params in self.given[first : first + count]]

    def check(self, strategy: Definition, fixed: Params) -> None:
        """Refuse sets that the strategy does not admit.

        Raises
        ------
        InvalidParameter
            If it refuses one.
        """
        for params in self.given:
            strategy.admit({**fixed, **params})
