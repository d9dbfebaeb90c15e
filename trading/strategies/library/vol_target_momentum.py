"""Momentum, sized so that the position swings by a set amount a year."""

from typing import Final, override

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from common.indicators.windows import deviation
from trading.strategies.base import Strategy
from trading.strategies.parameters import ChoiceParameter, FloatParameter, IntParameter, Params

# Returns held at once while volatilities are computed: 16 MB, whatever the history.
_BLOCK_RETURNS: Final = 2_000_000


class VolTargetMomentum(Strategy):
    """Follow the sign of the last return, with less where the market moves more.

    Notes
    -----
    On bars whose `open_ns // timeframe_ns` is a multiple of `every`: target =
    sign(close / close[lookback] - 1) * min(1, target_vol / volatility), where volatility
    is the standard deviation (ddof 1) of the last `vol_window` log returns times the root
    of the bars in a year; 0 if nothing moved, or if the return is negative and shorts are
    not allowed. NaN on other bars, and until both windows are full.

    References
    ----------
    T. J. Moskowitz, Y. H. Ooi, L. H. Pedersen, "Time Series Momentum", Journal of
    Financial Economics 104(2), 2012, pp. 228-250, for the sign of the past return and
    the scaling by volatility; without leverage here.
    """

    key = "vol_target_momentum"
    version = "1"
    summary = "Hold in the direction of the last return, scaled to a target volatility"
    parameters = (
        IntParameter(name="lookback", default=48, low=1, high=10_000),
        IntParameter(name="vol_window", default=96, low=2, high=10_000),
        FloatParameter(name="target_vol", default=0.5, low=0.01, high=10.0),
        IntParameter(name="every", default=24, low=1, high=10_000),
        ChoiceParameter(name="allow_short", default=False, choices=(False, True)),
    )

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        lookback, window = int(params["lookback"]), int(params["vol_window"])
        decides = bars.open_ns // bars.timeframe.nanoseconds % int(params["every"]) == 0
        decides[: max(lookback, window)] = False
        rows = np.flatnonzero(decides)
        # The sign of the return, without the rounding of a division.
        direction = np.sign(bars.close[rows] - bars.close[rows - lookback])
        if not params["allow_short"]:
            direction = np.maximum(direction, 0.0)
        volatility = _deviations(bars.close, rows, window)
        volatility *= np.sqrt(bars.timeframe.periods_per_year)
        # The floor only keeps the division defined; a market that stands still gets 0 below.
        size = np.minimum(1.0, float(params["target_vol"]) / np.maximum(volatility, 1e-300))
        target = np.full(len(bars), np.nan)
        target[rows] = np.where(volatility > 0.0, direction * size, 0.0)
        return target

    @override
    def warm_up(self, params: Params) -> int:
        return max(int(params["lookback"]), int(params["vol_window"]))

    @override
    def can_short(self, params: Params) -> bool:
        return bool(params["allow_short"])


def _deviations(close: Floats, rows: NDArray[np.intp], window: int) -> Floats:
    # The volatility of `technical.realised_volatility`, of the deciding bars alone: at
    # every bar it would cost time and memory that are thrown away. It sums each window
    # afresh, because a running sum leaves a trace of volatility where nothing moves.
    out = np.empty(len(rows))
    if not len(rows):
        return out
    windows = np.lib.stride_tricks.sliding_window_view(np.diff(np.log(close)), window)
    step = max(1, _BLOCK_RETURNS // window)
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        out[block] = deviation(windows[rows[block] - window])
    return out
