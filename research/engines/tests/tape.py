"""Recordings of a few events, and quoting strategies, small enough to work out by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, override

import numpy as np

from common.domain.bars import Bars
from common.domain.costs import AccountType
from common.domain.events import (
    AT_EXCHANGE,
    AT_LOCAL,
    BUY,
    DEPTH,
    EVENT_DTYPE,
    SELL,
    TRADE,
    EventFiles,
)
from common.domain.instruments import InstrumentId, InstrumentSpec
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from trading.strategies.parameters import Params
from trading.strategies.quoting import Quotes, QuoteState, QuotingStrategy

# A whole minute; every time below is in milliseconds from here.
START_NS = 1_700_000_040_000_000_000
MS = 1_000_000
TICK, LOT = Decimal("0.5"), Decimal("0.1")


@dataclass
class Tape:
    """Events in the order in which they are written; ticks of 0.5, lots of 0.1.

    Parameters
    ----------
    delay_ms
        How much later than at the exchange each is received.
    """

    delay_ms: int = 0
    events: list[tuple[int, int, int, float, float, int, int, float]] = field(default_factory=list)

    def bid(self, at_ms: int, price: float, quantity: float) -> "Tape":
        return self._add(DEPTH | BUY, at_ms, price=price, quantity=quantity)

    def ask(self, at_ms: int, price: float, quantity: float) -> "Tape":
        return self._add(DEPTH | SELL, at_ms, price=price, quantity=quantity)

    def bought(self, at_ms: int, price: float, quantity: float) -> "Tape":
        return self._add(TRADE | BUY, at_ms, price=price, quantity=quantity)

    def sold(self, at_ms: int, price: float, quantity: float) -> "Tape":
        return self._add(TRADE | SELL, at_ms, price=price, quantity=quantity)

    def _add(self, kind: int, at_ms: int, *, price: float, quantity: float) -> "Tape":
        exchange_ns = START_NS + at_ms * MS
        local_ns = exchange_ns + self.delay_ms * MS
        kind |= AT_EXCHANGE | AT_LOCAL
        self.events.append((kind, exchange_ns, local_ns, price, quantity, 0, 0, 0.0))
        return self

    def market(self, folder: Path, closes: Sequence[float], **spec: Any) -> Market:
        """Return minute bars with these closes, over the events written to one file."""
        path = folder / "events.npz"
        assert self.events == sorted(self.events, key=lambda event: event[1])
        np.savez(path, data=np.array(self.events, EVENT_DTYPE))
        return over([path], closes, **spec)


def over(paths: Sequence[Path], closes: Sequence[float], **spec: Any) -> Market:
    """Return minute bars with these closes, over event files."""
    close = np.array(closes, np.float64)
    minute = Timeframe.M1.nanoseconds
    opens_ns = START_NS + np.arange(len(close)) * minute
    return Market(
        instrument=InstrumentSpec(
            id=InstrumentId("BTC/USD", "TEST"), **{"lot": LOT, "tick": TICK, **spec}
        ),
        bars=Bars(Timeframe.M1, opens_ns, close, close, close, close, np.ones(len(close))),
        events=EventFiles(
            paths=tuple(paths),
            tick=TICK,
            lot=LOT,
            start_ns=START_NS,
            end_ns=START_NS + len(close) * minute,
            hash="0" * 64,
        ),
    )


def spread() -> Tape:
    """Return a book of 5 bid at 99.5 and 5 asked at 100.5, that a trade at 100 follows."""
    return Tape().bid(0, 99.5, 5).ask(0, 100.5, 5).bought(1, 100.5, 0.1)


def facts(result: BacktestResult) -> list[tuple[int, int, float, float, float]]:
    """Return the fills as (millisecond, side, price, quantity, fee), rounded to a millionth."""
    return [
        (
            (int(fill["ts_ns"]) - START_NS) // MS,
            int(fill["side"]),
            round(float(fill["price"]), 6),
            round(float(fill["quantity"]), 6),
            round(float(fill["fee"]), 6),
        )
        for fill in result.fills
    ]


class NoParams(NamedTuple):
    """A compiled function wants a tuple of something."""

    unused: int


class Quoting(QuotingStrategy[NoParams]):
    """Quotes by a function that a test writes down."""

    key = "quoting"
    version = "1"
    summary = "Quotes by a given function"

    def __init__(self, function: Callable[[QuoteState, NoParams], Quotes]) -> None:
        self.function = function

    @property
    @override
    def quotes(self) -> Callable[[QuoteState, NoParams], Quotes]:
        return self.function

    @override
    def pack(self, params: Params) -> NoParams:
        return NoParams(0)


def ask_quotes(
    function: Callable[[QuoteState, NoParams], Quotes], **settings: Any
) -> BacktestRequest:
    """Return a request for the quotes of a function, on a margin account."""
    return BacktestRequest(
        strategy=Quoting(function), params={}, account=AccountType.MARGIN, **settings
    )
