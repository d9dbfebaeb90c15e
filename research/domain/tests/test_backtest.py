"""Requests and markets that make no sense."""

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, Market
from trading.strategies.library.buy_and_hold import BuyAndHold

PRICES = np.array([1.0, 2.0, 3.0])
BARS = Bars(Timeframe.H1, np.arange(3), PRICES, PRICES, PRICES, PRICES, PRICES)
SPEC = InstrumentSpec(id=InstrumentId("BTC/USD", "TEST"))


class TestMarket:
    def test_has_the_bars_from_the_first_of_the_period_on(self) -> None:
        assert Market(instrument=SPEC, bars=BARS, first=1).period.open.tolist() == [2, 3]
        assert len(Market(instrument=SPEC, bars=BARS, first=3).period) == 0

    @pytest.mark.parametrize("first", [-1, 4])
    def test_refuses_a_period_that_begins_elsewhere(self, first: int) -> None:
        with pytest.raises(InvalidInput, match=rf"begins at bar {first}, must be in \[0, 3\]"):
            Market(instrument=SPEC, bars=BARS, first=first)


class TestRequest:
    @pytest.mark.parametrize("cash", [0.0, -1.0, float("inf"), float("nan")])
    def test_refuses_to_begin_without_cash(self, cash: float) -> None:
        with pytest.raises(InvalidArgument, match="must be positive"):
            BacktestRequest(strategy=BuyAndHold(), params={}, cash=cash)
