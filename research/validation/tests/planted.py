"""Strategies that know the future, or forget to say how much of the past they need."""

from typing import override

import numpy as np

from common.domain.bars import Bars, Floats
from trading.strategies.base import Strategy
from trading.strategies.library.sma_cross import SmaCross
from trading.strategies.parameters import Params


class NextClose(Strategy):
    """Holds whenever the next close is higher."""

    key = "next_close"
    version = "1"
    summary = "Looks one bar ahead"

    @override
    def warm_up(self, params: Params) -> int:
        return 0

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return (np.append(bars.close[1:], bars.close[-1:]) > bars.close).astype(np.float64)


class SeldomNextClose(NextClose):
    """Does so about once in five hundred bars."""

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        following = np.append(bars.close[1:], bars.close[-1:])
        return (following > bars.close * 1.029).astype(np.float64)


class Silent(NextClose):
    """Never wants anything."""

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return np.where(np.arange(len(bars)) % 2 == 0, np.nan, 0.0)


class Hasty(SmaCross):
    """Asks for one bar less than its average needs."""

    @override
    def warm_up(self, params: Params) -> int:
        return super().warm_up(params) - 1
