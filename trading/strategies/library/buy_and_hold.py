"""Everything in, from the first bar to the last."""

from typing import override

import numpy as np

from common.domain.bars import Bars, Floats
from trading.strategies.base import Strategy
from trading.strategies.parameters import Params


class BuyAndHold(Strategy):
    """Hold the instrument throughout: what every other strategy has to beat.

    References
    ----------
    W. F. Sharpe, "The Arithmetic of Active Management", Financial Analysts Journal
    47(1), 1991, pp. 7-9: before costs the average active position earns what the
    market does, and less after costs.
    """

    key = "buy_and_hold"
    version = "1"
    summary = "Buy at the first bar and never sell"

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return np.ones(len(bars))

    @override
    def warm_up(self, params: Params) -> int:
        return 0
