"""Parameter sets named one by one, where a grid would try more than is asked."""

from collections.abc import Iterator, Mapping
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

    def sets(self, strategy: Definition, fixed: Params) -> Iterator[dict[str, Value]]:
        """Yield each full set of parameters.

        Parameters
        ----------
        strategy
            Whose parameters they are.
        fixed
            Values of parameters that a set does not name.

        Raises
        ------
        InvalidParameter
            If the strategy refuses one.
        """
        for params in self.given:
            yield strategy.admit({**fixed, **params})
