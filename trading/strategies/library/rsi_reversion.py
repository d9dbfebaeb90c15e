"""Buy what has fallen fast, sell when the fall is over."""

from typing import override

from common.domain.bars import Bars, Floats
from common.indicators.technical import rsi
from trading.strategies.base import Strategy
from trading.strategies.enter_exit import enter_exit
from trading.strategies.parameters import FloatParameter, IntParameter, InvalidParameter, Params


class RsiReversion(Strategy):
    """Enter where the relative strength index is oversold, leave where it has recovered.

    Notes
    -----
    Enter when RSI < low; leave when RSI > exit. The index is 0 while no close has ever
    moved, as TA-Lib has it, so that a market without a single move counts as oversold.

    References
    ----------
    J. W. Wilder, "New Concepts in Technical Trading Systems", Trend Research, 1978:
    14 bars, oversold below 30, the middle at 50.
    """

    key = "rsi_reversion"
    version = "1"
    summary = "Enter when the RSI is oversold, leave when it is back above the middle"
    parameters = (
        IntParameter(name="period", default=14, low=2, high=1_000),
        FloatParameter(name="low", default=30.0, low=0.0, high=100.0),
        FloatParameter(name="exit", default=50.0, low=0.0, high=100.0),
    )
    stateful = True

    @override
    def check(self, params: Params) -> None:
        if float(params["low"]) > float(params["exit"]):
            raise InvalidParameter(
                f"low is {params['low']}, must not be above exit, which is {params['exit']}",
                parameter="low",
            )

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        strength = rsi(bars.close, int(params["period"]))
        entry = strength < float(params["low"])
        return enter_exit(entry, strength > float(params["exit"]), inputs=(strength,))

    @override
    def warm_up(self, params: Params) -> int:
        return 20 * int(params["period"])
