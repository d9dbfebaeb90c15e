"""The market, the time and the client that the tests of venues share."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import ccxt
import pytest

from common.domain.clock import Clock
from common.domain.instruments import InstrumentId
from common.domain.time import from_ns, to_ns
from common.domain.timeframe import Timeframe
from exchanges.venues.ccxt_client import CcxtClient
from exchanges.venues.retrying import RetryPolicy
from exchanges.venues.tests.binance_server import BinanceServer

BTC: Final = InstrumentId("BTC/USDT", "BINANCE")
HOUR_NS: Final = Timeframe.H1.nanoseconds
START_NS: Final = to_ns(datetime(2024, 1, 1, tzinfo=UTC))
QUICK: Final = RetryPolicy(attempts=3, first_pause_seconds=0.01, longest_pause_seconds=2.0)


@dataclass
class FrozenClock:
    """A clock that stands still."""

    time: datetime

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time


def after_hours(hours: float) -> FrozenClock:
    """Return a clock that stands that long after the first bar."""
    return FrozenClock(from_ns(START_NS + round(hours * HOUR_NS)))


def connect(server: BinanceServer, clock: Clock, **overrides: Any) -> CcxtClient:
    """Return the real client, pointed at the server."""
    return CcxtClient(
        "BINANCE",
        clock=clock,
        retries=QUICK,
        timeout_seconds=0.5,
        overrides={**server.settings, **overrides},
    )


def divert(monkeypatch: pytest.MonkeyPatch, server: BinanceServer) -> None:
    """Point every client of Binance at the server, however it is made."""
    described = ccxt.binance.describe
    monkeypatch.setattr(
        ccxt.binance,
        "describe",
        lambda self: self.deep_extend(described(self), server.settings),
    )
