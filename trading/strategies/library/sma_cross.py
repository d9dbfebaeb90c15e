"""Long while a fast moving average is above a slow one."""

from typing import override

import numpy as np

from common.domain.bars import Bars, Floats
from common.indicators.technical import sma
from trading.strategies.base import Strategy
from trading.strategies.parameters import ChoiceParameter, IntParameter, InvalidParameter, Params
from trading.strategies.rounding import is_above


class SmaCross(Strategy):
    """Follow the trend that two simple moving averages of the close agree on.

    Notes
    -----
    Target = 1 while SMA(close, fast) > SMA(close, slow), else 0, or -1 where shorts are
    allowed; averages that are equal up to rounding are no rising trend. NaN until both
    are warm.

    References
    ----------
    W. Brock, J. Lakonishok, B. LeBaron, "Simple Technical Trading Rules and the
    Stochastic Properties of Stock Returns", Journal of Finance 47(5), 1992,
    pp. 1731-1764: the variable-length moving average rule, without a band.
    """

    key = "sma_cross"
    version = "1"
    summary = "Long while the fast simple moving average is above the slow one"
    parameters = (
        IntParameter(name="fast", default=10, low=1, high=5_000),
        IntParameter(name="slow", default=50, low=2, high=10_000),
        ChoiceParameter(name="allow_short", default=False, choices=(False, True)),
    )

    @override
    def check(self, params: Params) -> None:
        if int(params["fast"]) >= int(params["slow"]):
            raise InvalidParameter(
                f"fast is {params['fast']}, must be below slow, which is {params['slow']}",
                parameter="fast",
            )

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        fast = sma(bars.close, int(params["fast"]))
        slow = sma(bars.close, int(params["slow"]))
        below = -1.0 if params["allow_short"] else 0.0
        target = np.where(is_above(fast, slow), 1.0, below)
        target[np.isnan(fast) | np.isnan(slow)] = np.nan
        return target

    @override
    def warm_up(self, params: Params) -> int:
        return int(params["slow"]) - 1

    @override
    def can_short(self, params: Params) -> bool:
        return bool(params["allow_short"])
