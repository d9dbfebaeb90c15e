"""Trend: its strength, its direction, and the levels that follow it."""

from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.indicators.columns import check_columns, check_length
from common.indicators.indicator import Indicator, Memory, factor, whole
from common.indicators.library import LibraryFunction, ta_lib, ta_lib_columns

_PERIOD: Final = {"period": "timeperiod"}
_HIGH_LOW: Final = ("high", "low")
_HIGH_LOW_CLOSE: Final = ("high", "low", "close")


def adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:  # noqa: PLR0917 - a bar's columns
    """Return Wilder's average directional index, in [0, 100].

    Wilder's average (weight 1/period) of 100 * |DI+ - DI-| / (DI+ + DI-), seeded by
    the mean of the first `period` of them (Wilder, New Concepts in Technical Trading
    Systems, 1978; TA-Lib ADX). 0 while nothing has ever moved.

    Parameters
    ----------
    high, low, close : ndarray of float64, shape (n_bars,)
        Prices, finite.
    period
        Number of bars, >= 2.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN for the first 2 * `period` - 1 bars.

    Raises
    ------
    InvalidColumn
        If a price is NaN or infinite, or the lengths differ.
    InvalidLength
        If the period is below 2.
    """
    high, low, close = check_columns(high=high, low=low, close=close)
    return ta_lib("ADX", high, low, close, timeperiod=check_length("period", period, 2))


def directional(high: Floats, low: Floats, close: Floats, **periods: int) -> tuple[Floats, ...]:
    """Return Wilder's DI+ and DI- over `period` bars, in [0, 100]."""
    return tuple(
        ta_lib(name, high, low, close, timeperiod=periods["period"])
        for name in ("PLUS_DI", "MINUS_DI")
    )


def supertrend(high: Floats, low: Floats, close: Floats, **params: float) -> tuple[Floats, Floats]:
    """Return the level `multiplier` ATR from the middle that trails price, and the direction.

    The lower level never falls and the upper never rises until a close passes it; a
    close through the one followed changes to the other (Seban; TA-Lib SUPERTREND).
    History begins in an uptrend.

    Returns
    -------
    tuple of ndarray of float64, shape (n_bars,)
        Level in price; direction 1 for up (level below price), -1 for down.
    """
    line, direction = ta_lib_columns(
        "SUPERTREND",
        high,
        low,
        close,
        timeperiod=params["period"],
        multiplier=params["multiplier"],
    )
    # TA-Lib gives the direction as whole numbers, with 0 for not yet.
    return line, np.where(np.isnan(line), np.nan, direction)


def ichimoku(high: Floats, low: Floats, **periods: int) -> tuple[Floats, ...]:
    """Return conversion line, base line, and the two edges of the cloud at each bar.

    Each line is the middle of the highest high and lowest low of its period. The edges
    at bar t are those computed `displacement` bars before and drawn forward to t, so
    they were known then: nothing here looks ahead. The lagging span, today's close
    drawn back over the past, is left out because at the bar where it is drawn it is not
    known yet; compare the close with the close `displacement` bars ago instead.

    Returns
    -------
    tuple of ndarray of float64, shape (n_bars,)
        Conversion, base, span A = (conversion + base)/2 and span B, in price.

    Notes
    -----
    Hosoda 1969. Drawn `displacement` bars ahead; some charts count the current bar
    and draw one less.
    """
    conversion = _middle(high, low, periods["conversion"])
    base = _middle(high, low, periods["base"])
    span_b = _middle(high, low, periods["span"])
    shift = periods["displacement"]
    return conversion, base, _later((conversion + base) / 2, shift), _later(span_b, shift)


def _middle(high: Floats, low: Floats, period: int) -> Floats:
    return ta_lib("MIDPRICE", high, low, timeperiod=period)


def _later(values: Floats, shift: int) -> Floats:
    out = np.full(len(values), np.nan)
    out[shift:] = values[: max(0, len(values) - shift)]
    return out


TREND: Final = (
    Indicator(
        key="adx",
        summary="Average directional index, strength of trend, in [0, 100]",
        source="Wilder 1978; TA-Lib ADX",
        inputs=_HIGH_LOW_CLOSE,
        parameters=(whole("period", 14),),
        outputs=("adx",),
        memory=Memory.RECURSIVE,
        function=adx,
        bars_before=lambda p: 20 * p["period"],
    ),
    Indicator(
        key="di",
        summary="Directional indicators DI+ and DI-, in [0, 100]",
        source="Wilder 1978; TA-Lib PLUS_DI, MINUS_DI",
        inputs=_HIGH_LOW_CLOSE,
        parameters=(whole("period", 14),),
        outputs=("plus_di", "minus_di"),
        memory=Memory.RECURSIVE,
        function=directional,
        bars_before=lambda p: 20 * p["period"],
    ),
    Indicator(
        key="aroon",
        summary="How recent the highest high and lowest low are, in [0, 100]; 100 if flat",
        source="Chande, Stocks and Commodities, September 1995; TA-Lib AROON",
        inputs=_HIGH_LOW,
        parameters=(whole("period", 14),),
        outputs=("up", "down"),
        memory=Memory.WINDOW,
        function=LibraryFunction(name="AROON", options=_PERIOD, picks=(1, 0)),
        bars_before=lambda p: p["period"],
    ),
    Indicator(
        key="supertrend",
        summary="Level that trails price by a multiple of ATR, and direction 1 or -1",
        source="Seban; TA-Lib SUPERTREND",
        inputs=_HIGH_LOW_CLOSE,
        parameters=(whole("period", 10), factor("multiplier", 3.0, low=0.1, high=100.0)),
        outputs=("supertrend", "direction"),
        memory=Memory.ANCHORED,
        function=supertrend,
        bars_before=lambda p: p["period"],
    ),
    Indicator(
        key="parabolic_sar",
        summary="Parabolic stop and reverse, in price",
        source="Wilder 1978; TA-Lib SAR",
        inputs=_HIGH_LOW,
        parameters=(
            factor("acceleration", 0.02, low=0.001, high=1.0),
            factor("maximum", 0.2, low=0.001, high=1.0),
        ),
        outputs=("parabolic_sar",),
        memory=Memory.ANCHORED,
        function=LibraryFunction(
            name="SAR", options={"acceleration": "acceleration", "maximum": "maximum"}
        ),
        bars_before=lambda _: 1,
    ),
    Indicator(
        key="ichimoku",
        summary="Conversion and base line, and the edges of the cloud at this bar, in price",
        source="Hosoda 1969; TA-Lib MIDPRICE",
        inputs=_HIGH_LOW,
        parameters=(
            whole("conversion", 9),
            whole("base", 26),
            whole("span", 52),
            whole("displacement", 26, low=0),
        ),
        outputs=("conversion", "base", "span_a", "span_b"),
        memory=Memory.WINDOW,
        function=ichimoku,
        bars_before=lambda p: p["displacement"] + max(p["conversion"], p["base"], p["span"]) - 1,
    ),
)
