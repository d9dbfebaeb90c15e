"""Oscillators: how fast price moves, and where it stands in its range."""

from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.indicators.averages import sma
from common.indicators.columns import InvalidLength, check_columns, check_length
from common.indicators.indicator import Indicator, Memory, whole
from common.indicators.library import LibraryFunction, ta_lib, ta_lib_columns
from common.indicators.windows import on_warm_part, per_window, ratio

# Points of RSI; a smaller range is rounding, and a ratio of it would be noise.
_NO_RANGE: Final = 1e-9


def rsi(close: Floats, period: int) -> Floats:
    """Return Wilder's relative strength index, in [0, 100].

    100 * gain / (gain + loss) with Wilder's averages (weight 1/period) of the rises
    and falls, seeded by the mean of the first `period` of them (Wilder, New Concepts
    in Technical Trading Systems, 1978; TA-Lib RSI). 0 while nothing has ever moved.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closing prices, finite.
    period
        Number of changes, >= 2.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN for the first `period` bars.

    Raises
    ------
    InvalidColumn
        If a close is NaN or infinite.
    InvalidLength
        If the period is below 2.
    """
    (close,) = check_columns(close=close)
    return ta_lib("RSI", close, timeperiod=check_length("period", period, 2))


def stochastic_rsi(close: Floats, period: int, **periods: int) -> tuple[Floats, Floats]:
    """Return where the RSI stands in its own range, in [0, 100], and the mean of that.

    k = 100 * (rsi - lowest) / (highest - lowest) over `k_period` bars, d = SMA(k,
    `d_period`); 0 where the RSI has no range. k is not smoothed (Chande and Kroll,
    The New Technical Trader, 1994). TA-Lib's STOCHRSI is the same except that it
    holds k back until d is warm, and divides by the rounding noise of an RSI that
    stands still.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closing prices, finite.
    period
        Period of the RSI, >= 2.
    **periods
        `k_period` and `d_period`.
    """
    strength = rsi(close, period)
    fast = on_warm_part(lambda values: _place(values, periods["k_period"]), strength)
    return fast, on_warm_part(lambda values: sma(values, periods["d_period"]), fast)


def _place(values: Floats, window: int) -> Floats:
    low = ta_lib("MIN", values, timeperiod=window)
    high = ta_lib("MAX", values, timeperiod=window)
    span = high - low
    return np.where(span < _NO_RANGE, 0.0, 100.0 * ratio(values - low, span))


def macd(close: Floats, fast: int, slow: int, **periods: int) -> tuple[Floats, ...]:
    """Return the difference of two EMA, its EMA over `signal` bars, and their difference.

    Both averages begin at the same bar, `slow` - 1, each seeded by the SMA that ends
    there (Appel; TA-Lib MACD). In units of price; 0 in a flat market.

    Raises
    ------
    InvalidLength
        If `fast` is not below `slow`.
    """
    if fast >= slow:
        raise InvalidLength(f"fast is {fast}, must be below slow, which is {slow}")
    return ta_lib_columns(
        "MACD", close, fastperiod=fast, slowperiod=slow, signalperiod=periods["signal"]
    )


def cci(high: Floats, low: Floats, close: Floats, **periods: int) -> Floats:
    """Return the commodity channel index over `period` bars.

    (typical - mean) / (0.015 * mean absolute deviation) of the typical price
    (high + low + close)/3 (Lambert, Commodities, October 1980); 0 in a flat market,
    as TA-Lib's. TA-Lib's own CCI sums a window in an order that depends on how many
    bars came before, which near 0 shows in the eighth digit.
    """
    return per_window(_channel_index, periods["period"], (high + low + close) / 3)


def _channel_index(rows: Floats) -> Floats:
    centred = rows - rows[:, -1:]
    mean = centred.mean(axis=1)
    spread = np.abs(centred - mean[:, None]).mean(axis=1)
    return np.nan_to_num(ratio(-mean, 0.015 * spread))


_PERIOD: Final = {"period": "timeperiod"}

MOMENTUM: Final = (
    Indicator(
        key="rsi",
        summary="Relative strength index, in [0, 100]; 0 while nothing has moved",
        source="Wilder 1978; TA-Lib RSI",
        inputs=("close",),
        parameters=(whole("period", 14),),
        outputs=("rsi",),
        memory=Memory.RECURSIVE,
        function=rsi,
        bars_before=lambda p: 20 * p["period"],
    ),
    Indicator(
        key="stochastic",
        summary="Place of the close in its range, smoothed, in [0, 100]; 0 in a flat market",
        source="Lane; TA-Lib STOCH with simple averages",
        inputs=("high", "low", "close"),
        parameters=(
            whole("k_period", 14),
            whole("smooth_k", 3, low=1),
            whole("d_period", 3, low=1),
        ),
        outputs=("k", "d"),
        memory=Memory.WINDOW,
        function=LibraryFunction(
            name="STOCH",
            options={
                "k_period": "fastk_period",
                "smooth_k": "slowk_period",
                "d_period": "slowd_period",
            },
            picks=(0, 1),
            bounds=(0, 100),
        ),
        bars_before=lambda p: p["k_period"] + p["smooth_k"] + p["d_period"] - 3,
    ),
    Indicator(
        key="stochastic_rsi",
        summary="Place of the RSI in its own range, in [0, 100]; 0 where it has no range",
        source="Chande and Kroll 1994; TA-Lib RSI, MIN, MAX, SMA",
        inputs=("close",),
        parameters=(whole("period", 14), whole("k_period", 14), whole("d_period", 3, low=1)),
        outputs=("k", "d"),
        memory=Memory.RECURSIVE,
        function=stochastic_rsi,
        bars_before=lambda p: 25 * p["period"] + p["k_period"] + p["d_period"],
    ),
    Indicator(
        key="macd",
        summary="Difference of two EMA of the close, its signal line and histogram, in price",
        source="Appel; TA-Lib MACD",
        inputs=("close",),
        parameters=(whole("fast", 12), whole("slow", 26), whole("signal", 9, low=1)),
        outputs=("macd", "signal", "histogram"),
        memory=Memory.RECURSIVE,
        function=macd,
        bars_before=lambda p: 15 * (p["slow"] + p["signal"]),
    ),
    Indicator(
        key="cci",
        summary="Commodity channel index, about [-300, 300]; 0 in a flat market",
        source="Lambert 1980",
        inputs=("high", "low", "close"),
        parameters=(whole("period", 20),),
        outputs=("cci",),
        memory=Memory.WINDOW,
        function=cci,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="williams_r",
        summary="Place of the close below its highest high, in [-100, 0]; 0 in a flat market",
        source="Williams; TA-Lib WILLR",
        inputs=("high", "low", "close"),
        parameters=(whole("period", 14),),
        outputs=("williams_r",),
        memory=Memory.WINDOW,
        function=LibraryFunction(name="WILLR", options=_PERIOD),
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="roc",
        summary="Rate of change of the close over period bars, in percent",
        source="TA-Lib ROC",
        inputs=("close",),
        parameters=(whole("period", 10, low=1),),
        outputs=("roc",),
        memory=Memory.WINDOW,
        function=LibraryFunction(name="ROC", options=_PERIOD),
        bars_before=lambda p: p["period"],
    ),
    Indicator(
        key="tsi",
        summary="True strength index, in [-100, 100]; 0 while nothing has moved",
        source="Blau, Stocks and Commodities, November 1991; TA-Lib TSI",
        inputs=("close",),
        parameters=(whole("slow", 25), whole("fast", 13)),
        outputs=("tsi",),
        memory=Memory.RECURSIVE,
        function=LibraryFunction(
            name="TSI",
            options={"slow": "firstperiod", "fast": "secondperiod"},
            bounds=(-100, 100),
        ),
        bars_before=lambda p: 15 * (p["slow"] + p["fast"]),
    ),
)
