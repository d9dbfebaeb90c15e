"""Volatility, and the bands that are drawn with it."""

from math import sqrt
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.indicators.averages import ema
from common.indicators.columns import (
    InvalidColumn,
    check_columns,
    check_factor,
    check_length,
)
from common.indicators.indicator import Indicator, Memory, factor, whole
from common.indicators.library import LibraryFunction, ta_lib, ta_lib_columns
from common.indicators.windows import deviation, on_warm_part, per_window, ratio

_HIGH_LOW_CLOSE: Final = ("high", "low", "close")
_WIDTH: Final = factor("width", 2.0, low=0.01, high=100.0)


def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:  # noqa: PLR0917 - a bar's columns
    """Return Wilder's average true range, in units of price.

    Wilder's average (weight 1/period) of max(high, previous close) - min(low, previous
    close), seeded by the mean of the first `period` of them; the first bar, which has
    no previous close, is not one of them (Wilder, New Concepts in Technical Trading
    Systems, 1978; TA-Lib ATR). 0 in a flat market.

    Parameters
    ----------
    high, low, close : ndarray of float64, shape (n_bars,)
        Prices, finite.
    period
        Number of bars, >= 1.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN for the first `period` bars.

    Raises
    ------
    InvalidColumn
        If a price is NaN or infinite, or the lengths differ.
    InvalidLength
        If the period is below 1.
    """
    high, low, close = check_columns(high=high, low=low, close=close)
    return ta_lib("ATR", high, low, close, timeperiod=check_length("period", period))


def bollinger(close: Floats, period: int, width: float) -> tuple[Floats, Floats, Floats]:
    """Return lower, middle and upper band: SMA and `width` deviations around it.

    The deviation is the population's, ddof 0, of the last `period` closes (Bollinger on
    Bollinger Bands, 2001; TA-Lib BBANDS). The three are equal in a flat market.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closing prices, finite.
    period
        Number of bars, >= 2.
    width
        Number of deviations, > 0.

    Returns
    -------
    tuple of three ndarray of float64, shape (n_bars,)
        In units of price; NaN for the first `period` - 1 bars.

    Raises
    ------
    InvalidColumn
        If a close is NaN or infinite.
    InvalidLength
        If the period is below 2 or the width is not above 0.
    """
    (close,) = check_columns(close=close)
    check_length("period", period, 2)
    width = check_factor("width", width)
    upper, middle, lower = ta_lib_columns(
        "BBANDS", close, timeperiod=period, nbdevup=width, nbdevdn=width
    )
    return lower, middle, upper


def bollinger_width(close: Floats, period: int, width: float) -> Floats:
    """Return (upper - lower) / middle as a fraction; NaN where the middle is 0."""
    lower, middle, upper = bollinger(close, period, width)
    return ratio(upper - lower, middle)


def bollinger_percent(close: Floats, period: int, width: float) -> Floats:
    """Return (close - lower) / (upper - lower): 0 at the lower band, 1 at the upper.

    NaN where the bands meet, as in a flat market. Computed as 1/2 + (close - mean) /
    (2 * width * deviation), because near the lower band close - lower has lost its digits.
    """
    to_population = sqrt(period / (period - 1))
    return 0.5 + z_score(close, period) * (to_population / (2 * width))


def keltner(
    high: Floats, low: Floats, close: Floats, **params: float
) -> tuple[Floats, Floats, Floats]:
    """Return lower, middle and upper line: EMA of the close and multiples of ATR around it.

    Raschke's form, that of most charts; TA-Lib's KC averages the typical price instead.
    """
    middle = ema(close, int(params["period"]))
    reach = params["multiplier"] * atr(high, low, close, int(params["atr_period"]))
    return middle - reach, middle + 0 * reach, middle + reach


def donchian(high: Floats, low: Floats, period: int) -> tuple[Floats, Floats]:
    """Return the lowest low and the highest high of the last `period` bars, this one included.

    Parameters
    ----------
    high, low : ndarray of float64, shape (n_bars,)
        Prices, finite.
    period
        Number of bars, >= 1.

    Returns
    -------
    tuple of two ndarray of float64, shape (n_bars,)
        Lower, upper; NaN for the first `period` - 1 bars.

    Raises
    ------
    InvalidColumn
        If a price is NaN or infinite, or the lengths differ.
    InvalidLength
        If the period is below 1.
    """
    high, low = check_columns(high=high, low=low)
    # TA-Lib's own MIN, MAX and DONCHIAN begin at two bars.
    if check_length("period", period) == 1:
        return low.copy(), high.copy()
    return ta_lib("MIN", low, timeperiod=period), ta_lib("MAX", high, timeperiod=period)


def z_score(close: Floats, period: int) -> Floats:
    """Return (close - mean) / deviation (ddof 1) of the last `period` closes; NaN if flat."""
    return per_window(_standard, check_length("period", period, 2), close)


def _standard(rows: Floats) -> Floats:
    # From the last value, so that equal values give 0/0 and not rounding/rounding.
    return ratio(-(rows - rows[:, -1:]).mean(axis=1), deviation(rows))


def realised_volatility(close: Floats, window: int, periods_per_year: float) -> Floats:
    """Return the deviation (ddof 1) of the last `window` log returns, annualised.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
        Closing prices, finite and above 0.
    window
        Number of returns, >= 2.
    periods_per_year
        Bars in a year of 365 days: 8,760 hours.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        A fraction a year; NaN for the first `window` bars, 0 where price stands still.

    Raises
    ------
    InvalidColumn
        If a close is NaN, infinite or not above 0.
    InvalidLength
        If the window is below 2 or the number of periods is not above 0.
    """
    (close,) = check_columns(close=close)
    check_length("window", window, 2)
    scale = sqrt(check_factor("periods_per_year", periods_per_year))
    if len(close) and close.min() <= 0:
        row = int(np.argmax(close <= 0))
        raise InvalidColumn(f"close is {close[row]} at row {row}, must be > 0", row=row)
    out = np.full(len(close), np.nan)
    out[1:] = scale * per_window(deviation, window, np.diff(np.log(close)))
    return out


def volatility_percentile(close: Floats, window: int, lookback: int) -> Floats:
    """Return the percentage of the `lookback` volatilities before this one that are below it.

    In [0, 100]; 0 in a flat market, where none is below. The volatility is
    `realised_volatility` over `window` returns, whose yearly scale does not matter.
    """
    return on_warm_part(
        lambda values: ta_lib("PERCENTRANK", values, timeperiod=lookback),
        realised_volatility(close, window, 1.0),
    )


VOLATILITY: Final = (
    Indicator(
        key="atr",
        summary="Average true range, in price; 0 in a flat market",
        source="Wilder 1978; TA-Lib ATR",
        inputs=_HIGH_LOW_CLOSE,
        parameters=(whole("period", 14, low=1),),
        outputs=("atr",),
        memory=Memory.RECURSIVE,
        function=atr,
        bars_before=lambda p: 20 * p["period"],
    ),
    Indicator(
        key="natr",
        summary="Average true range in percent of the close; 0 in a flat market",
        source="TA-Lib NATR",
        inputs=_HIGH_LOW_CLOSE,
        parameters=(whole("period", 14, low=1),),
        outputs=("natr",),
        memory=Memory.RECURSIVE,
        function=LibraryFunction(name="NATR", options={"period": "timeperiod"}),
        bars_before=lambda p: 20 * p["period"],
    ),
    Indicator(
        key="bollinger",
        summary="Bollinger bands: SMA and width population deviations around it, in price",
        source="Bollinger 2001; TA-Lib BBANDS",
        inputs=("close",),
        parameters=(whole("period", 20), _WIDTH),
        outputs=("lower", "middle", "upper"),
        memory=Memory.WINDOW,
        function=bollinger,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="bollinger_width",
        summary="Distance of the Bollinger bands as a fraction of the middle; 0 if flat",
        source="Bollinger 2001; TA-Lib BBANDS",
        inputs=("close",),
        parameters=(whole("period", 20), _WIDTH),
        outputs=("bollinger_width",),
        memory=Memory.WINDOW,
        function=bollinger_width,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="bollinger_percent",
        summary="Place of the close between the Bollinger bands, 0 to 1 inside; NaN if flat",
        source="Bollinger 2001; TA-Lib BBANDS",
        inputs=("close",),
        parameters=(whole("period", 20), _WIDTH),
        outputs=("bollinger_percent",),
        memory=Memory.WINDOW,
        function=bollinger_percent,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="keltner",
        summary="Keltner channel: EMA of the close and a multiple of ATR around it, in price",
        source="Raschke, after Keltner 1960; TA-Lib EMA, ATR",
        inputs=_HIGH_LOW_CLOSE,
        parameters=(
            whole("period", 20, low=1),
            whole("atr_period", 10, low=1),
            factor("multiplier", 2.0, low=0.01, high=100.0),
        ),
        outputs=("lower", "middle", "upper"),
        memory=Memory.RECURSIVE,
        function=keltner,
        bars_before=lambda p: max(10 * p["period"], 20 * p["atr_period"]),
    ),
    Indicator(
        key="donchian",
        summary="Lowest low and highest high, the current bar included, in price",
        source="Donchian; TA-Lib MIN, MAX",
        inputs=("high", "low"),
        parameters=(whole("period", 20, low=1),),
        outputs=("lower", "upper"),
        memory=Memory.WINDOW,
        function=donchian,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="z_score",
        summary="Distance of the close from its mean in deviations (ddof 1); NaN if flat",
        source="Standard score",
        inputs=("close",),
        parameters=(whole("period", 20),),
        outputs=("z_score",),
        memory=Memory.WINDOW,
        function=z_score,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="realised_volatility",
        summary="Deviation (ddof 1) of log returns, a fraction a year; 0 if flat",
        source="Hull, Options, Futures and Other Derivatives, estimating volatility",
        inputs=("close",),
        parameters=(
            whole("window", 30),
            # The default is right for daily bars: an indicator does not see the timeframe.
            factor("periods_per_year", 365.0, low=1.0, high=525_600.0),
        ),
        outputs=("realised_volatility",),
        memory=Memory.WINDOW,
        function=realised_volatility,
        bars_before=lambda p: p["window"],
    ),
    Indicator(
        key="volatility_percentile",
        summary="Percentage of earlier volatilities below the current one; 0 if flat",
        source="Percent rank of realised volatility; TA-Lib PERCENTRANK",
        inputs=("close",),
        parameters=(whole("window", 30), whole("lookback", 365)),
        outputs=("volatility_percentile",),
        memory=Memory.WINDOW,
        function=volatility_percentile,
        bars_before=lambda p: p["window"] + p["lookback"],
    ),
)
