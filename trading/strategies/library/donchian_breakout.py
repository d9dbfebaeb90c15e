"""Buy the highest price for weeks, sell the lowest for days."""

from typing import override

import numpy as np

from common.domain.bars import Bars, Floats
from common.indicators.technical import donchian
from trading.strategies.base import Strategy
from trading.strategies.enter_exit import enter_exit
from trading.strategies.parameters import IntParameter, Params


class DonchianBreakout(Strategy):
    """Enter above the channel of the bars before, leave below a shorter one.

    Notes
    -----
    Enter when close > highest high of the `entry` bars before; leave when close < lowest
    low of the `exit` bars before. NaN for the first max(entry, exit) bars.

    References
    ----------
    R. D. Donchian, "High Finance in Copper", Financial Analysts Journal 16(6), 1960,
    pp. 133-142, for the channel; C. Faith, "Way of the Turtle", McGraw-Hill, 2007, for
    the system of 20 bars in and 10 bars out, here its long side at the close.
    """

    key = "donchian_breakout"
    version = "1"
    summary = "Enter above the highest high of the bars before, leave below their lowest low"
    parameters = (
        IntParameter(name="entry", default=20, low=1, high=10_000),
        IntParameter(name="exit", default=10, low=1, high=10_000),
    )
    stateful = True

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        _, highest = donchian(bars.high, bars.low, int(params["entry"]))
        lowest, _ = donchian(bars.high, bars.low, int(params["exit"]))
        highest, lowest = _before(highest), _before(lowest)
        return enter_exit(bars.close > highest, bars.close < lowest, inputs=(highest, lowest))

    @override
    def warm_up(self, params: Params) -> int:
        return max(int(params["entry"]), int(params["exit"]))


def _before(channel: Floats) -> Floats:
    # The channel contains the bar itself, and no close lies beyond its own high or low.
    shifted = np.full(len(channel), np.nan)
    shifted[1:] = channel[:-1]
    return shifted
