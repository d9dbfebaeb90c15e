"""A strategy that acts one bar late, to see what lives on one certain bar."""

from typing import override

import numpy as np

from common.domain.bars import Bars, Floats
from trading.strategies.base import StopSpec, Strategy
from trading.strategies.parameters import Params


class Delayed(Strategy):
    """Another strategy, each of whose targets is read one close later.

    Parameters
    ----------
    strategy
        The strategy; its stops are where they were.
    """

    version = "1"
    summary = "Another strategy, one bar late"

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        # Messages must name the strategy that was asked about.
        self.key = strategy.key  # type: ignore[misc]
        self.parameters = strategy.parameters  # type: ignore[misc]

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        found = self._strategy.targets(bars, params)
        return np.concatenate([[np.nan], found[:-1]])

    @override
    def warm_up(self, params: Params) -> int:
        return self._strategy.warm_up(params) + 1

    @override
    def can_short(self, params: Params) -> bool:
        return self._strategy.can_short(params)

    @override
    def stops(self, params: Params) -> StopSpec | None:
        return self._strategy.stops(params)
