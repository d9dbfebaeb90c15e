"""A moving average cross that waits for a trend worth the name."""

from typing import override

from common.domain.bars import Bars, Floats
from common.indicators.technical import adx, ema
from trading.strategies.base import Strategy
from trading.strategies.enter_exit import enter_exit
from trading.strategies.parameters import FloatParameter, IntParameter, InvalidParameter, Params
from trading.strategies.rounding import is_above


class EmaAdx(Strategy):
    """Enter a rising trend only while the directional index says that there is one.

    Notes
    -----
    Enter when EMA(close, fast) > EMA(close, slow) and ADX >= adx_min; leave when
    EMA(close, fast) < EMA(close, slow). A falling ADX alone does not leave; averages that
    are equal up to rounding do neither.

    References
    ----------
    J. W. Wilder, "New Concepts in Technical Trading Systems", Trend Research, 1978,
    for the directional movement system; G. Appel, "Technical Analysis: Power Tools for
    Active Investors", FT Prentice Hall, 2005, for averages of 12 and 26 bars.
    """

    key = "ema_adx"
    version = "1"
    summary = "Enter on an exponential average cross with a strong ADX, leave on the cross back"
    parameters = (
        IntParameter(name="fast", default=12, low=1, high=1_000),
        IntParameter(name="slow", default=26, low=2, high=2_000),
        IntParameter(name="adx_period", default=14, low=2, high=500),
        FloatParameter(name="adx_min", default=20.0, low=0.0, high=100.0),
    )
    stateful = True

    @override
    def check(self, params: Params) -> None:
        if int(params["fast"]) >= int(params["slow"]):
            raise InvalidParameter(
                f"fast is {params['fast']}, must be below slow, which is {params['slow']}",
                parameter="fast",
            )

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        fast = ema(bars.close, int(params["fast"]))
        slow = ema(bars.close, int(params["slow"]))
        strength = adx(bars.high, bars.low, bars.close, int(params["adx_period"]))
        entry = is_above(fast, slow) & (strength >= float(params["adx_min"]))
        return enter_exit(entry, is_above(slow, fast), inputs=(fast, slow, strength))

    @override
    def warm_up(self, params: Params) -> int:
        return max(10 * int(params["slow"]), 20 * int(params["adx_period"]))
