"""Buy below the lower band, sell above the middle one."""

from typing import override

from common.domain.bars import Bars, Floats
from common.indicators.technical import bollinger
from trading.strategies.base import Strategy
from trading.strategies.enter_exit import enter_exit
from trading.strategies.parameters import FloatParameter, IntParameter, Params
from trading.strategies.rounding import is_above


class BollingerReversion(Strategy):
    """Expect a close far below its mean to come back to it.

    Notes
    -----
    Enter when close < lower band; leave when close > middle band. The bands lie `width`
    population standard deviations around the simple moving average of `period` closes;
    a close that equals a band up to rounding is neither below nor above it.

    References
    ----------
    J. Bollinger, "Bollinger on Bollinger Bands", McGraw-Hill, 2001: 20 bars and two
    deviations.
    """

    key = "bollinger_reversion"
    version = "1"
    summary = "Enter below the lower Bollinger band, leave above the middle one"
    parameters = (
        IntParameter(name="period", default=20, low=2, high=10_000),
        FloatParameter(name="width", default=2.0, low=0.1, high=10.0),
    )
    stateful = True

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        lower, middle, _ = bollinger(bars.close, int(params["period"]), float(params["width"]))
        entry, leave = is_above(lower, bars.close), is_above(bars.close, middle)
        return enter_exit(entry, leave, inputs=(lower, middle))

    @override
    def warm_up(self, params: Params) -> int:
        return int(params["period"]) - 1
