"""Moving averages of the close, in units of price."""

from math import isqrt
from typing import Final

from common.domain.bars import Floats
from common.indicators.columns import check_columns, check_length
from common.indicators.indicator import Indicator, Memory, whole
from common.indicators.library import LibraryFunction, ta_lib

# Kaufman's slowest weight is (2/31)**2 a bar, reached while price goes nowhere;
# this many such bars leave 1e-6 of any earlier value.
_KAMA_FORGETS: Final = 3_320


def sma(close: Floats, period: int) -> Floats:
    """Return the mean of the last `period` closes, the current one included.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closing prices, finite.
    period
        Number of bars, >= 1.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN for the first `period` - 1 bars.

    Raises
    ------
    InvalidColumn
        If a close is NaN or infinite.
    InvalidLength
        If the period is below 1.
    """
    (close,) = check_columns(close=close)
    return ta_lib("SMA", close, timeperiod=check_length("period", period))


def ema(close: Floats, period: int) -> Floats:
    """Return the exponential mean with weight 2/(period + 1), seeded by the first SMA.

    e_t = e_(t-1) + 2/(period + 1) * (close_t - e_(t-1)), beginning with the mean of
    the first `period` closes at bar `period` - 1: TA-Lib's seed. pandas' `ewm`
    begins with the first close instead; after 10 * period bars the two agree.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closing prices, finite.
    period
        Number of bars, >= 1.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN for the first `period` - 1 bars.

    Raises
    ------
    InvalidColumn
        If a close is NaN or infinite.
    InvalidLength
        If the period is below 1.
    """
    (close,) = check_columns(close=close)
    return ta_lib("EMA", close, timeperiod=check_length("period", period))


AVERAGES: Final = (
    Indicator(
        key="sma",
        summary="Simple moving average of the close",
        source="TA-Lib SMA",
        inputs=("close",),
        parameters=(whole("period", 20, low=1),),
        outputs=("sma",),
        memory=Memory.WINDOW,
        function=sma,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="ema",
        summary="Exponential moving average of the close, weight 2/(period + 1), SMA seed",
        source="TA-Lib EMA",
        inputs=("close",),
        parameters=(whole("period", 20, low=1),),
        outputs=("ema",),
        memory=Memory.RECURSIVE,
        function=ema,
        bars_before=lambda p: 10 * p["period"],
    ),
    Indicator(
        key="wma",
        summary="Moving average of the close with weights 1 to period, the newest heaviest",
        source="TA-Lib WMA",
        inputs=("close",),
        parameters=(whole("period", 20),),
        outputs=("wma",),
        memory=Memory.WINDOW,
        function=LibraryFunction(name="WMA", options={"period": "timeperiod"}),
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="hma",
        summary="Hull moving average: WMA(2 WMA(period // 2) - WMA(period), isqrt(period))",
        source="Hull 2005, alanhull.com; TA-Lib HMA",
        inputs=("close",),
        parameters=(whole("period", 20),),
        outputs=("hma",),
        memory=Memory.WINDOW,
        function=LibraryFunction(name="HMA", options={"period": "timeperiod"}),
        bars_before=lambda p: p["period"] + isqrt(int(p["period"])) - 2,
    ),
    Indicator(
        key="kama",
        summary="Kaufman's adaptive moving average of the close, between EMA(2) and EMA(30)",
        source="Kaufman, Trading Systems and Methods; TA-Lib KAMA",
        inputs=("close",),
        parameters=(whole("period", 10),),
        outputs=("kama",),
        memory=Memory.RECURSIVE,
        function=LibraryFunction(name="KAMA", options={"period": "timeperiod"}),
        bars_before=lambda p: p["period"] + _KAMA_FORGETS,
    ),
)
