import logging
import threading
import time
from collections.abc import Iterator

import pytest

from common.domain.clock import SystemClock
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.venues.base import VenueClient
from exchanges.venues.ccxt_client import CcxtClient
from exchanges.venues.choice import first_answering
from exchanges.venues.errors import UnknownVenue
from exchanges.venues.tests.binance_server import Answer, BinanceServer, make_bars
from exchanges.venues.tests.setting import QUICK


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    now_ns = to_ns(SystemClock().now())
    start_ns = now_ns - now_ns % Timeframe.H1.nanoseconds - 48 * Timeframe.H1.nanoseconds
    with BinanceServer(make_bars(Timeframe.H1, start_ns, 49)) as server:
        yield server


class Opener:
    """Every venue is Binance at the server, but for those that hang or are not known."""

    def __init__(self, server: BinanceServer) -> None:
        self.server = server
        self.release = threading.Event()
        self.closed: list[str] = []

    def __call__(self, venue: str) -> VenueClient:
        if venue == "HANGING":
            self.release.wait()
        if venue == "UNKNOWN":
            raise UnknownVenue("unknown venue 'UNKNOWN'")
        client = CcxtClient(
            "BINANCE",
            clock=SystemClock(),
            retries=QUICK,
            timeout_seconds=5,
            overrides=self.server.settings,
        )
        close = client.close

        def noted() -> None:
            self.closed.append(venue)
            close()

        client.close = noted  # type: ignore[method-assign]
        return client


class TestFirstAnswering:
    def test_takes_the_one_that_answers(self, server: BinanceServer) -> None:
        opener = Opener(server)

        chosen = first_answering(["UNKNOWN", "HANGING", "BINANCE"], seconds=5, opener=opener)

        assert chosen is not None
        client, instrument = chosen
        assert str(instrument) == "BTC/USDT.BINANCE"
        assert opener.closed == []
        client.close()
        opener.release.set()

    def test_takes_the_second_symbol_where_the_first_is_not_traded(
        self, server: BinanceServer
    ) -> None:
        chosen = first_answering(
            ["BINANCE"], ["BTC/USD", "ETH/USDT"], seconds=5, opener=Opener(server)
        )

        assert chosen is not None
        client, instrument = chosen
        assert instrument.symbol == "ETH/USDT"
        client.close()

    def test_never_takes_longer_than_it_may(self, server: BinanceServer) -> None:
        opener = Opener(server)
        server.faults += [Answer(hang=True)] * 10
        started = time.monotonic()

        chosen = first_answering(["HANGING", "BINANCE"], seconds=0.5, opener=opener)

        assert chosen is None
        assert 0.5 <= time.monotonic() - started < 0.9
        opener.release.set()

    def test_closes_the_client_whose_answer_comes_too_late(self, server: BinanceServer) -> None:
        opener = Opener(server)

        assert first_answering(["HANGING"], seconds=0.1, opener=opener) is None
        opener.release.set()

        deadline = time.monotonic() + 5
        while opener.closed != ["HANGING"] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert opener.closed == ["HANGING"]

    def test_says_at_once_that_all_refused_and_why(
        self, server: BinanceServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.bars = make_bars(Timeframe.H1, 0, 10)
        started = time.monotonic()

        with caplog.at_level(logging.INFO):
            chosen = first_answering(["UNKNOWN", "BINANCE"], seconds=30, opener=Opener(server))

        assert chosen is None
        assert time.monotonic() - started < 5
        assert "venue UNKNOWN is passed over: unknown venue 'UNKNOWN'" in caplog.text
        assert "no recent bar of BTC/USDT; BINANCE has no BTC/USD" in caplog.text

    def test_no_venues_is_no_answer(self) -> None:
        assert first_answering([], seconds=1) is None
