"""Small markets and a strategy whose targets are prescribed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, override

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, Market
from trading.strategies.base import StopSpec, Strategy
from trading.strategies.parameters import Params

HOUR_NS = 3_600_000_000_000


@dataclass(frozen=True, eq=False)
class Scripted(Strategy):
    """Answers with the targets it was made with, one a bar of the market."""

    script: Floats
    shorts: bool = False
    stop: StopSpec | None = None

    key = "scripted"
    version = "1"
    summary = "Answers with prescribed targets"

    @override
    def targets(self, bars: Bars, params: Params) -> Floats:
        return self.script

    @override
    def warm_up(self, params: Params) -> int:
        return 0

    @override
    def can_short(self, params: Params) -> bool:
        return self.shorts

    @override
    def stops(self, params: Params) -> StopSpec | None:
        return self.stop


def ask(
    targets: Sequence[float] | Floats, *, stop: StopSpec | None = None, **settings: Any
) -> BacktestRequest:
    """Return a request for prescribed targets; a negative one declares that it can short."""
    script = np.array(targets, np.float64)
    shorts = bool(np.nanmin(np.append(script, 0.0)) < 0)
    strategy = Scripted(script, shorts=shorts, stop=stop)
    return BacktestRequest(strategy=strategy, params={}, **settings)


def quoted(*prices: tuple[float, float, float, float], **settings: Any) -> Market:
    """Return hourly bars with these opens, highs, lows and closes."""
    opens, highs, lows, closes = np.array(prices, np.float64).T.copy()
    flat = market(opens, closes, **settings)
    return replace(flat, bars=replace(flat.bars, high=highs, low=lows))


def market(
    opens: Sequence[float] | Floats,
    closes: Sequence[float] | Floats | None = None,
    *,
    hours: Sequence[int] | None = None,
    first: int = 0,
    symbol: str = "BTC/USD",
    lot: str = "1e-8",
    min_notional: str | None = None,
) -> Market:
    """Return hourly bars; where no closes are given each bar closes where it opens."""
    start = np.array(opens, np.float64)
    end = start.copy() if closes is None else np.array(closes, np.float64)
    steps = np.arange(len(start)) if hours is None else np.array(hours, np.int64)
    bars = Bars(
        Timeframe.H1,
        (steps * HOUR_NS).astype(np.int64),
        start,
        np.maximum(start, end),
        np.minimum(start, end),
        end,
        np.ones(len(start)),
    )
    spec = InstrumentSpec(
        id=InstrumentId(symbol, "TEST"),
        lot=Decimal(lot),
        min_notional=None if min_notional is None else Decimal(min_notional),
    )
    return Market(instrument=spec, bars=bars, first=first)
