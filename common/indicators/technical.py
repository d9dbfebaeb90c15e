"""Technical indicators on columns of bars: float64, NaN until warm, causal.

`compute("macd", bars, fast=8)` gives any of them with its parameters checked; the
functions beside it are those that strategies call on arrays of their own.
"""

from common.indicators.averages import ema, sma
from common.indicators.momentum import rsi
from common.indicators.registry import INDICATORS, UnknownIndicator, compute, get_indicator
from common.indicators.trend import adx
from common.indicators.volatility import atr, bollinger, donchian, realised_volatility

__all__ = (
    "INDICATORS",
    "UnknownIndicator",
    "adx",
    "atr",
    "bollinger",
    "compute",
    "donchian",
    "ema",
    "get_indicator",
    "realised_volatility",
    "rsi",
    "sma",
)
