"""Every indicator there is, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidArgument
from common.indicators.averages import AVERAGES
from common.indicators.daily import DAILY
from common.indicators.indicator import Indicator, Number
from common.indicators.momentum import MOMENTUM
from common.indicators.trend import TREND
from common.indicators.volatility import VOLATILITY
from common.indicators.volume import VOLUME


class UnknownIndicator(InvalidArgument):
    """There is no indicator of that name; the message lists those there are."""

    code = "unknown_indicator"


_ALL: Final = (*AVERAGES, *DAILY, *MOMENTUM, *TREND, *VOLATILITY, *VOLUME)

INDICATORS: Final[Mapping[str, Indicator]] = MappingProxyType({
    indicator.key: indicator for indicator in sorted(_ALL, key=lambda each: each.key)
})


def list_indicators() -> tuple[Indicator, ...]:
    """Return every indicator, by name."""
    return tuple(INDICATORS.values())


def get_indicator(key: str) -> Indicator:
    """Return the indicator of that name.

    Raises
    ------
    UnknownIndicator
        If there is none; the message lists those there are.
    """
    try:
        return INDICATORS[key]
    except KeyError as e:
        known = ", ".join(INDICATORS)
        raise UnknownIndicator(f"unknown indicator {key!r}; known: {known}") from e


def compute(key: str, bars: Bars, **params: Number) -> dict[str, Floats]:
    """Return every output of the indicator of that name, see `Indicator.compute`.

    Raises
    ------
    UnknownIndicator
        If there is none.
    """
    return get_indicator(key).compute(bars, **params)
