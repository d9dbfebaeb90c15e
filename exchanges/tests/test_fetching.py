import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline.hashing import bars_hash
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.domain.bars import Bars
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument, InvalidPeriod
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe
from exchanges.exceptions import UnknownInstrument
from exchanges.models import Instrument, Series
from exchanges.services import fetching
from exchanges.services.fetching import FetchReport, Progress, fetch_bars
from exchanges.venues.errors import NoBarsOffered, VenueUnavailable
from exchanges.venues.tests.binance_server import Answer, BinanceServer, make_bars, without
from exchanges.venues.tests.setting import BTC, HOUR_NS, START_NS, after_hours, connect

KEY = SeriesKey.bars(BTC, Timeframe.H1)
COUNT = 12_000

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with BinanceServer(make_bars(Timeframe.H1, START_NS, COUNT)) as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    return SeriesStore(tmp_path / "market_data")


def fetch(
    store: SeriesStore,
    server: BinanceServer,
    start: int,
    end: int,
    *,
    now: float = COUNT,
    key: SeriesKey = KEY,
    progress: Progress | None = None,
) -> FetchReport:
    clock = after_hours(now)
    with connect(server, clock) as client:
        return fetch_bars(
            store=store,
            client=client,
            key=key,
            start_ns=START_NS + start * HOUR_NS,
            end_ns=START_NS + end * HOUR_NS,
            clock=clock,
            progress=progress,
        )


def put(store: SeriesStore, bars: Bars) -> None:
    names = ("open_ns", "open", "high", "low", "close", "volume")
    columns = {name: getattr(bars, name) for name in names}
    store.merge_bars(KEY, [BarRows(**columns, lines=np.arange(1, len(bars) + 1))])


class Stop:
    """Ends a fetch at its nth page, by SIGINT as a terminal would."""

    def __init__(self, page: int) -> None:
        self.page = page

    def __call__(self, settled: int, missing: int) -> None:
        self.page -= 1
        if self.page == 0:
            signal.raise_signal(signal.SIGINT)


class TestFetchBars:
    def test_stores_what_the_venue_has(self, store: SeriesStore, server: BinanceServer) -> None:
        report = fetch(store, server, 0, COUNT)

        assert store.read_bars(KEY).close.tolist() == server.bars.close.tolist()
        assert (report.rows, report.added, report.gaps) == (COUNT, COUNT, 0)
        assert (report.start_ns, report.end_ns) == (START_NS, START_NS + COUNT * HOUR_NS)
        assert report.requests == 12
        assert report.hash == bars_hash(server.bars)
        assert not report.coverage.capped

    def test_commits_thousands_of_bars_at_once(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        fetch(store, server, 0, COUNT)

        assert store.manifest(KEY).version == 3

    def test_writes_the_rows_that_mirror_the_store(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        fetch(store, server, 0, 100)

        series = Series.objects.get()
        assert (series.key, series.rows, series.gaps) == (KEY, 100, 0)
        sizes = Instrument.objects.get()
        assert (sizes.tick, sizes.lot, sizes.min_notional) == (
            Decimal("0.01"),
            Decimal("0.00001"),
            Decimal(5),
        )

    def test_never_stores_a_bar_that_has_not_closed(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        report = fetch(store, server, 0, 500, now=99.99)

        assert report.rows == len(store.read_bars(KEY)) == 99

    def test_counts_holes_and_a_history_that_begins_later(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        server.bars = without(server.bars, 1_000, 1_030)

        report = fetch(store, server, -5_000, 2_000)

        assert (report.rows, report.gaps) == (1_970, 30)
        assert report.coverage.capped
        assert report.coverage.asked_start_ns == START_NS - 5_000 * HOUR_NS
        assert report.coverage.first_available_ns == START_NS

    def test_reports_progress_up_to_the_end(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        seen: list[tuple[int, int]] = []
        put(store, server.bars.rows(3_000, 4_000))

        fetch(store, server, -1_000, 6_000, progress=lambda *counts: seen.append(counts))

        assert seen == sorted(seen)
        assert seen[-1] == (6_000, 6_000)


class TestResuming:
    def test_asks_for_nothing_that_is_stored(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        first = fetch(store, server, 0, 2_000)
        server.asked.clear()

        again = fetch(store, server, 0, 2_000)

        assert (again.added, again.requests, server.asked) == (0, 0, [])
        assert again.hash == first.hash

    def test_goes_on_after_the_last_stored_bar(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        fetch(store, server, 0, 2_000)
        server.asked.clear()

        report = fetch(store, server, 0, 2_500)

        assert (report.rows, report.added, report.requests) == (2_500, 500, 1)
        assert server.asked[0]["startTime"] == str((START_NS + 2_000 * HOUR_NS) // 1_000_000)

    def test_fills_what_is_before_the_first_stored_bar(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        fetch(store, server, 9_000, 10_000)

        report = fetch(store, server, 0, 10_000)

        assert (report.rows, report.added, report.gaps) == (10_000, 9_000, 0)
        assert report.hash == bars_hash(server.bars.rows(0, 10_000))

    def test_finds_out_with_one_request_that_nothing_is_before(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        fetch(store, server, 0, 1_000)
        server.asked.clear()

        report = fetch(store, server, -20_000, 1_000)

        assert (report.added, report.requests) == (0, 1)
        assert report.coverage.capped

    def test_fills_a_long_hole_and_leaves_a_short_one_to_the_venue(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        put(store, without(without(server.bars.rows(0, 9_000), 3_000, 6_000), 50, 60))

        report = fetch(store, server, 0, 9_000)

        assert (report.rows, report.added, report.gaps) == (8_990, 3_000, 10)

    @pytest.mark.parametrize("page", [1, 4, 6, 8])
    def test_an_interrupt_loses_nothing_that_was_fetched(
        self, store: SeriesStore, server: BinanceServer, page: int
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            fetch(store, server, 0, COUNT, progress=Stop(page))

        assert store.manifest(KEY).rows == Series.objects.get().rows == page * 1_000
        report = fetch(store, server, 0, COUNT)
        assert report.hash == bars_hash(server.bars)
        assert report.requests == 12 - page

    @pytest.mark.parametrize("page", [2, 4, 7, 9])
    def test_an_interrupt_while_filling_up_leaves_no_hole_behind(
        self, store: SeriesStore, server: BinanceServer, page: int
    ) -> None:
        fetch(store, server, 11_000, COUNT)
        with pytest.raises(KeyboardInterrupt):
            fetch(store, server, 0, COUNT, progress=Stop(page))

        assert store.manifest(KEY).gaps == 0
        assert fetch(store, server, 0, COUNT).hash == bars_hash(server.bars)

    def test_a_venue_that_fails_in_the_middle_loses_nothing_that_was_fetched(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        def fail(count: int) -> None:
            if 8 <= count < 11:
                server.faults.append(Answer(status=500))

        server.before_answer = fail

        with pytest.raises(VenueUnavailable):
            fetch(store, server, 0, COUNT)

        assert store.manifest(KEY).rows == Series.objects.get().rows == 7_000
        assert fetch(store, server, 0, COUNT).hash == bars_hash(server.bars)

    def test_a_kill_leaves_whole_commits_to_go_on_from(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        def kill(count: int) -> None:
            if count == 8:
                os.kill(child.pid, signal.SIGKILL)

        server.before_answer = kill
        arguments = [str(store.root), json.dumps(server.settings), str(COUNT)]
        command = [sys.executable, "-m", "exchanges.tests.killed_fetch", *arguments]
        child = subprocess.Popen(
            command, env={**os.environ, "DATABASE_URL": ""}, cwd=Path(__file__).parents[2]
        )
        assert child.wait(timeout=50) == -signal.SIGKILL

        assert store.manifest(KEY).rows == fetching.COMMIT_BARS
        server.before_answer = lambda count: None
        assert fetch(store, server, 0, COUNT).hash == bars_hash(server.bars)


class TestRefusals:
    def test_a_stored_bar_that_differs_is_never_overwritten(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        bars = server.bars.rows(0, 10)
        put(store, replace(bars, close=bars.close + 1))
        before = store.dataset_hash(KEY)

        fetch(store, server, 0, 100)

        assert store.dataset_hash(KEY, START_NS, START_NS + 10 * HOUR_NS) == before

    @pytest.mark.parametrize(("start", "end", "now"), [(5, 5, 10), (6, 5, 10), (10, 20, 10.9)])
    def test_a_period_without_a_closed_bar(
        self, store: SeriesStore, server: BinanceServer, start: int, end: int, now: float
    ) -> None:
        with pytest.raises(InvalidPeriod, match="no bar of 1h opens in"):
            fetch(store, server, start, end, now=now)
        assert server.asked == []

    def test_a_period_before_the_venues_history(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        with pytest.raises(NoBarsOffered, match="BINANCE has no bar"):
            fetch(store, server, -500, -100)
        assert Series.objects.count() == 0

    def test_an_instrument_that_the_venue_does_not_trade(
        self, store: SeriesStore, server: BinanceServer
    ) -> None:
        key = SeriesKey.bars(InstrumentId("BTC/USD", "BINANCE"), Timeframe.H1)

        with pytest.raises(UnknownInstrument):
            fetch(store, server, 0, 100, key=key)
        assert Instrument.objects.count() == 0

    def test_a_client_of_another_venue(self, store: SeriesStore, server: BinanceServer) -> None:
        key = SeriesKey.bars(InstrumentId("BTC/USDT", "SYNTH"), Timeframe.H1)

        with pytest.raises(InvalidArgument, match="not traded at BINANCE"):
            fetch(store, server, 0, 100, key=key)
        assert store.list_manifests() == []

    def test_a_series_that_holds_no_bars(self, store: SeriesStore, server: BinanceServer) -> None:
        with pytest.raises(InvalidArgument, match="holds no bars"):
            fetch(store, server, 0, 100, key=SeriesKey(BTC, SeriesKind.FUNDING))
