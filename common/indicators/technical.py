"""Technical indicators on columns of bars: NaN until warm, causal, float64."""

import numpy as np

from common.domain.bars import Floats
from common.indicators.columns import check_columns, check_factor, check_length
from common.indicators.library import ta_lib, ta_lib_columns


def sma(close: Floats, period: int) -> Floats:
    """Return the mean of the last `period` closes, the current one included."""
    (close,) = check_columns(close=close)
    if check_length("period", period) == 1:
        return close.copy()
    return ta_lib("SMA", close, timeperiod=period)


def ema(close: Floats, period: int) -> Floats:
    """Return the exponential mean with weight 2/(period + 1), seeded by the first SMA."""
    (close,) = check_columns(close=close)
    if check_length("period", period) == 1:
        return close.copy()
    return ta_lib("EMA", close, timeperiod=period)


def rsi(close: Floats, period: int) -> Floats:
    """Return Wilder's relative strength index, in [0, 100]; 0 while nothing has moved."""
    (close,) = check_columns(close=close)
    return ta_lib("RSI", close, timeperiod=check_length("period", period, 2))


def adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:  # noqa: PLR0917 - a bar's columns
    """Return Wilder's average directional index, in [0, 100]; 0 while nothing has moved."""
    high, low, close = check_columns(high=high, low=low, close=close)
    return ta_lib("ADX", high, low, close, timeperiod=check_length("period", period, 2))


def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:  # noqa: PLR0917 - a bar's columns
    """Return Wilder's average true range, in units of price."""
    high, low, close = check_columns(high=high, low=low, close=close)
    return ta_lib("ATR", high, low, close, timeperiod=check_length("period", period))


def bollinger(close: Floats, period: int, width: float) -> tuple[Floats, Floats, Floats]:
    """Return lower, middle and upper band: SMA and `width` population deviations around it."""
    (close,) = check_columns(close=close)
    check_length("period", period, 2)
    width = check_factor("width", width)
    upper, middle, lower = ta_lib_columns(
        "BBANDS", close, timeperiod=period, nbdevup=width, nbdevdn=width
    )
    return lower, middle, upper


def donchian(high: Floats, low: Floats, period: int) -> tuple[Floats, Floats]:
    """Return the lowest low and the highest high of the last `period` bars, this one included."""
    high, low = check_columns(high=high, low=low)
    if check_length("period", period) == 1:
        return low.copy(), high.copy()
    return ta_lib("MIN", low, timeperiod=period), ta_lib("MAX", high, timeperiod=period)


def realised_volatility(close: Floats, window: int, periods_per_year: float) -> Floats:
    """Return the standard deviation (ddof 1) of the last `window` log returns, annualised."""
    (close,) = check_columns(close=close)
    check_length("window", window, 2)
    scale = np.sqrt(check_factor("periods_per_year", periods_per_year))
    out = np.full(len(close), np.nan)
    if len(close) > window:
        returns = np.diff(np.log(close))
        windows = np.lib.stride_tricks.sliding_window_view(returns, window)
        out[window:] = windows.std(axis=1, ddof=1) * scale
    return out
