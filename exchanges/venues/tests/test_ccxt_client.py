from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import numpy as np
import pytest

from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.time import from_ns
from common.domain.timeframe import Timeframe
from exchanges.exceptions import UnknownInstrument
from exchanges.venues.errors import (
    ContradictoryBars,
    RateLimited,
    UnknownVenue,
    UnreadableAnswer,
    UnsupportedTimeframe,
    VenueRefused,
    VenueUnavailable,
)
from exchanges.venues.registry import open_client
from exchanges.venues.tests.binance_server import Answer, BinanceServer, Row, make_bars
from exchanges.venues.tests.setting import BTC, HOUR_NS, START_NS, after_hours, connect


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with BinanceServer(make_bars(Timeframe.H1, START_NS, 50)) as server:
        yield server


class TestFetchBars:
    def test_gives_the_venues_numbers_to_the_last_bit(self, server: BinanceServer) -> None:
        with connect(server, after_hours(50)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=50)

        assert bars.open_ns.tolist() == [START_NS + HOUR_NS * row for row in range(50)]
        for name in ("open", "high", "low", "close", "volume"):
            assert np.array_equal(getattr(bars, name), getattr(server.bars, name)), name

    def test_begins_at_the_start_and_keeps_to_the_limit(self, server: BinanceServer) -> None:
        with connect(server, after_hours(50)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS + 7 * HOUR_NS, limit=3)

        assert bars.open_ns.tolist() == [START_NS + HOUR_NS * row for row in (7, 8, 9)]

    def test_a_start_between_two_milliseconds_is_after_the_bar(
        self, server: BinanceServer
    ) -> None:
        with connect(server, after_hours(50)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS + 1, limit=2)

        assert int(bars.open_ns[0]) == START_NS + HOUR_NS

    @pytest.mark.parametrize(("hours", "count"), [(49.999, 49), (50, 50)])
    def test_leaves_out_the_bar_that_has_not_closed(
        self, server: BinanceServer, hours: float, count: int
    ) -> None:
        with connect(server, after_hours(hours)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=100)

        assert len(bars) == count

    def test_believes_the_venues_clock_if_ours_is_fast(self, server: BinanceServer) -> None:
        server.date = format_datetime(from_ns(START_NS) + timedelta(hours=49.5), usegmt=True)

        with connect(server, after_hours(60)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=100)

        assert len(bars) == 49

    def test_sorts_and_drops_what_is_repeated(self, server: BinanceServer) -> None:
        server.change = lambda rows: [*reversed(rows), rows[3], rows[3]]

        with connect(server, after_hours(50)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=100)

        assert np.array_equal(bars.open_ns, server.bars.open_ns)
        assert np.array_equal(bars.close, server.bars.close)

    def test_takes_a_bar_without_prices_for_a_missing_one(self, server: BinanceServer) -> None:
        server.change = lambda rows: [[rows[0][0], None, None, None, None, "0"], *rows[1:]]

        with connect(server, after_hours(50)) as client:
            bars = client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=100)

        assert len(bars) == 49
        assert int(bars.open_ns[0]) == START_NS + HOUR_NS

    def test_refuses_two_different_bars_of_one_time(self, server: BinanceServer) -> None:
        def contradict(rows: list[Row]) -> list[Row]:
            return [*rows, [rows[3][0], "1", "1", "1", "1", "1", *rows[3][6:]]]

        server.change = contradict

        with (
            connect(server, after_hours(50)) as client,
            pytest.raises(ContradictoryBars, match="2024-01-01T03:00:00Z"),
        ):
            client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=100)

    @pytest.mark.parametrize("limit", [0, 1_001])
    def test_refuses_a_limit_out_of_range(self, server: BinanceServer, limit: int) -> None:
        with (
            connect(server, after_hours(50)) as client,
            pytest.raises(InvalidArgument, match=rf"limit is {limit}, must be in \[1, 1000\]"),
        ):
            client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=limit)
        assert server.asked == []

    def test_refuses_the_instrument_of_another_venue(self, server: BinanceServer) -> None:
        with (
            connect(server, after_hours(50)) as client,
            pytest.raises(InvalidArgument, match="not traded at BINANCE"),
        ):
            client.fetch_bars(
                InstrumentId("BTC/USDT", "OKX"), Timeframe.H1, start_ns=START_NS, limit=1
            )

    def test_names_instruments_that_are_spelled_alike(self, server: BinanceServer) -> None:
        with (
            connect(server, after_hours(50)) as client,
            pytest.raises(UnknownInstrument, match="similar: BTC/USDT"),
        ):
            client.fetch_bars(
                InstrumentId("BTC/USDC", "BINANCE"), Timeframe.H1, start_ns=START_NS, limit=1
            )

    def test_reads_perpetuals_from_their_own_market(self, server: BinanceServer) -> None:
        perpetual = InstrumentId("BTC/USDT:USDT", "BINANCE")

        with connect(server, after_hours(50)) as client:
            bars = client.fetch_bars(perpetual, Timeframe.H1, start_ns=START_NS, limit=5)

        assert bars.close.tolist() == server.bars.close[:5].tolist()


class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Answer(status=500), VenueUnavailable),
            (Answer(status=503, body="<html>busy</html>"), VenueUnavailable),
            (Answer(hang=True), VenueUnavailable),
            (Answer(body="[" + "0," * 9_000 + "0]", cut=True), VenueUnavailable),
            (Answer(body='[[1704067200000,"1","1"', headers={}), UnreadableAnswer),
            (Answer(body="<html>log in first</html>"), UnreadableAnswer),
            (Answer(status=429), RateLimited),
            (Answer(status=418), RateLimited),
        ],
    )
    def test_what_may_pass_is_retryable(
        self, server: BinanceServer, fault: Answer, error: type[VenueUnavailable]
    ) -> None:
        server.faults.append(fault)

        with connect(server, after_hours(50)) as client, pytest.raises(error) as caught:
            client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=5)

        assert caught.value.retryable
        assert "BINANCE" in caught.value.detail

    @pytest.mark.parametrize(
        "fault",
        [
            Answer(status=400, body='{"code":-1100,"msg":"Illegal characters found"}'),
            Answer(status=403, body="<html>forbidden</html>"),
            Answer(status=404, body="<html>not found</html>"),
            Answer(status=451, body='{"code":0,"msg":"restricted location"}'),
            Answer(status=401, body="{}"),
        ],
    )
    def test_a_refusal_is_not_retryable(self, server: BinanceServer, fault: Answer) -> None:
        server.faults.append(fault)

        with connect(server, after_hours(50)) as client, pytest.raises(VenueRefused) as caught:
            client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=5)

        assert not caught.value.retryable

    def test_nobody_there_is_unavailable(self) -> None:
        with BinanceServer(make_bars(Timeframe.H1, START_NS, 1)) as server:
            client = connect(server, after_hours(50))

        with client, pytest.raises(VenueUnavailable):
            client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=5)

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("7", 7.0),
            (format_datetime(datetime(2024, 1, 3, 2, 0, 30, tzinfo=UTC), usegmt=True), 30.0),
            ("soon", None),
        ],
    )
    def test_tells_how_long_the_venue_wants_to_be_left_alone(
        self, server: BinanceServer, value: str, seconds: float | None
    ) -> None:
        server.faults.append(Answer(status=429, headers={"Retry-After": value}))

        with connect(server, after_hours(50)) as client, pytest.raises(RateLimited) as caught:
            client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=5)

        assert caught.value.retry_after_seconds == seconds

    def test_does_not_take_an_earlier_answers_pause_for_a_later_ones(
        self, server: BinanceServer
    ) -> None:
        server.faults += [Answer(status=429, headers={"Retry-After": "7"}), Answer(hang=True)]

        with connect(server, after_hours(50)) as client:
            with pytest.raises(RateLimited):
                client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=5)
            with pytest.raises(VenueUnavailable) as caught:
                client.fetch_bars(BTC, Timeframe.H1, start_ns=START_NS, limit=5)

        assert "retry_after_seconds" not in caught.value.extra

    def test_a_market_list_cut_short_is_not_an_unknown_instrument(
        self, server: BinanceServer
    ) -> None:
        server.info_faults.append(Answer(body='{"symbols":[{"symbol"'))

        with connect(server, after_hours(50)) as client:
            with pytest.raises(UnreadableAnswer):
                client.instrument(BTC)
            assert client.instrument(BTC).id == BTC

    def test_names_the_timeframes_there_are(self, server: BinanceServer) -> None:
        with connect(server, after_hours(50)) as client:
            client._exchange.timeframes = {"1h": "1h", "1d": "1d"}

            with pytest.raises(UnsupportedTimeframe, match="no bars of 5m; it has 1h 1d"):
                client.fetch_bars(BTC, Timeframe.M5, start_ns=START_NS, limit=5)


class TestInstrument:
    def test_reads_the_sizes_of_a_spot_market_exactly(self, server: BinanceServer) -> None:
        with connect(server, after_hours(50)) as client:
            spec = client.instrument(BTC)

        assert (spec.tick, spec.lot, spec.min_notional) == (
            Decimal("0.01"),
            Decimal("0.00001"),
            Decimal("5.00000000"),
        )

    def test_reads_the_sizes_of_a_perpetual_exactly(self, server: BinanceServer) -> None:
        with connect(server, after_hours(50)) as client:
            spec = client.instrument(InstrumentId("BTC/USDT:USDT", "BINANCE"))

        assert (spec.tick, spec.lot, spec.min_notional) == (
            Decimal("0.1"),
            Decimal("0.001"),
            Decimal(100),
        )

    def test_counts_the_lot_in_the_base_currency_where_contracts_are_traded(
        self, server: BinanceServer
    ) -> None:
        with connect(server, after_hours(50)) as client:
            perpetual = InstrumentId("BTC/USDT:USDT", "BINANCE")
            client.instrument(perpetual)
            client._exchange.markets["BTC/USDT:USDT"]["contractSize"] = Decimal("0.01")

            assert client.instrument(perpetual).lot == Decimal("0.00001")


class TestOpenClient:
    def test_takes_the_ccxt_class_of_that_name(self) -> None:
        with open_client("kraken") as client:
            assert client.venue == "KRAKEN"

    @pytest.mark.parametrize("name", ["BINANSE", "SYNTH", "EXCHANGE", "PRO"])
    def test_refuses_a_venue_that_ccxt_does_not_know(self, name: str) -> None:
        with pytest.raises(UnknownVenue, match="unknown venue") as caught:
            open_client(name)

        assert caught.value.exit_status == 2

    def test_names_venues_that_are_spelled_alike(self) -> None:
        with pytest.raises(UnknownVenue, match="similar: BINANCE"):
            open_client("BINANSE")
