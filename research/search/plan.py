"""What a search is to do: its space, its method and its objectives, checked together."""

import hashlib
import json
from dataclasses import dataclass

from common.domain.errors import InvalidArgument
from research.search.exceptions import MethodUnfit
from research.search.methods import get_method
from research.search.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """A search that its method can do.

    Parameters
    ----------
    space
        The sets to choose from.
    method
        A name of `research.search.methods.METHODS`.
    signs
        One for each objective: 1 where more is better, -1 where less is.
    seed
        Equal seeds and equal histories ask for equal sets; not negative.
    batch
        How many sets are asked for at once. A population of `cmaes` or `nsga2` is at
        least as large: it could not learn from the rest of a larger batch.
    pruning
        Whether sets may be given up half-way.

    Raises
    ------
    UnknownMethod
        If no method has that name.
    MethodUnfit
        If the method cannot weigh so many objectives, prune, or search such parameters.
    InvalidArgument
        If a sign is neither 1 nor -1, there is none, or a number is below its bound.
    """

    space: Space
    method: str
    signs: tuple[int, ...]
    seed: int = 0
    batch: int = 50
    pruning: bool = False

    def __post_init__(self) -> None:
        if not self.signs or not set(self.signs) <= {1, -1}:
            raise InvalidArgument(f"the signs are {self.signs}, must be one or more of 1 and -1")
        if self.seed < 0:
            raise InvalidArgument(f"the seed is {self.seed}, must be >= 0")
        if self.batch < 1:
            raise InvalidArgument(f"the batch is {self.batch}, must be >= 1")
        method = get_method(self.method)
        if len(self.signs) > 1 and not method.several_objectives:
            raise MethodUnfit(f"{method.name} weighs 1 objective, here are {len(self.signs)}")
        if self.pruning and not method.prunes:
            raise MethodUnfit(f"{method.name} learns only from sets tried to the end: no pruning")
        if self.pruning and len(self.signs) > 1:
            raise MethodUnfit(f"pruning compares 1 objective, here are {len(self.signs)}")
        if method.numbers_only:
            self._require_numbers()

    def _require_numbers(self) -> None:
        for dimension in self.space.searched:
            if not dimension.ordered:
                raise MethodUnfit(
                    f"{self.method} searches numbers only: {dimension.name} is a choice of"
                    f" {', '.join(dimension.values)}",
                    parameter=dimension.name,
                )

    def digest(self) -> str:
        """Return what tells this plan from every other, 64 hexadecimal digits."""
        dimensions = [[d.name, d.ordered, *d.values] for d in self.space.dimensions]
        facts = [self.method, self.signs, self.seed, self.batch, self.pruning, dimensions]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
