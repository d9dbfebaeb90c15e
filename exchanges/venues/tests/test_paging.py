from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.timeframe import Timeframe
from exchanges.venues import paging
from exchanges.venues.errors import EmptyAnswers, VenueUnavailable
from exchanges.venues.paging import Page, iter_bars
from exchanges.venues.tests.binance_server import Answer, BinanceServer, make_bars, without
from exchanges.venues.tests.setting import BTC, HOUR_NS, START_NS, after_hours, connect

YEAR_HOURS = 365 * 24


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with BinanceServer(make_bars(Timeframe.H1, START_NS, 2_500)) as server:
        yield server


def pages(server: BinanceServer, start: int = 0, end: int = 2_500) -> list[Page]:
    with connect(server, after_hours(max(end, 2_500))) as client:
        found = iter_bars(
            client,
            BTC,
            Timeframe.H1,
            start_ns=START_NS + start * HOUR_NS,
            end_ns=START_NS + end * HOUR_NS,
        )
        return list(found)


def hours(found: list[Page]) -> list[int]:
    times = np.concatenate([page.bars.open_ns for page in found])
    return [int(hour) for hour in (times - START_NS) // HOUR_NS]


def assert_same(found: list[Page], bars: Bars) -> None:
    for name in ("open_ns", "open", "high", "low", "close", "volume"):
        joined = np.concatenate([getattr(page.bars, name) for page in found])
        assert np.array_equal(joined, getattr(bars, name)), name


class TestIterBars:
    def test_joins_the_pages_of_a_long_period(self, server: BinanceServer) -> None:
        found = pages(server)

        assert [len(page.bars) for page in found] == [1_000, 1_000, 500]
        assert_same(found, server.bars)
        assert [query["limit"] for query in server.asked] == ["1000", "1000", "500"]
        assert sum(page.requests for page in found) == 3

    def test_keeps_to_the_period(self, server: BinanceServer) -> None:
        assert hours(pages(server, 7, 1_234)) == list(range(7, 1_234))

    def test_the_stretches_of_its_pages_join(self, server: BinanceServer) -> None:
        server.bars = without(server.bars, 990, 1_700)
        server.windowed = True

        found = pages(server)

        assert found[0].start_ns == START_NS
        assert found[-1].next_ns == START_NS + 2_500 * HOUR_NS
        for page, after in pairwise(found):
            assert page.next_ns == after.start_ns

    @pytest.mark.parametrize("most", [1, 7, 300])
    def test_goes_on_after_fewer_bars_than_asked_for(
        self, server: BinanceServer, most: int
    ) -> None:
        server.change = lambda rows: rows[:most]

        assert hours(pages(server, 0, 8 * most)) == list(range(8 * most))

    def test_takes_earlier_later_repeated_and_disordered_bars(self, server: BinanceServer) -> None:
        everything = server.klines({"interval": "1h", "startTime": "0", "limit": "1000"})
        server.change = lambda rows: [*reversed(rows), *rows[:3], *everything[:5]]

        assert_same(pages(server, 0, 900), server.bars.rows(0, 900))

    @pytest.mark.parametrize("windowed", [False, True])
    @pytest.mark.parametrize(
        ("start", "stop"), [(500, 510), (990, 1_010), (300, 2_400), (100, 2_497)]
    )
    def test_steps_over_a_hole(
        self, server: BinanceServer, *, start: int, stop: int, windowed: bool
    ) -> None:
        server.bars, server.windowed = without(server.bars, start, stop), windowed

        assert_same(pages(server), server.bars)

    @pytest.mark.parametrize("windowed", [False, True])
    def test_finds_the_first_bar_of_a_venue_whose_history_begins_later(
        self, server: BinanceServer, *, windowed: bool
    ) -> None:
        server.windowed = windowed

        found = pages(server, -10 * YEAR_HOURS)

        assert_same(found, server.bars)
        # Ten years are 88 requests of 1000 hours, but four of 1000 days.
        assert len(server.asked) <= (10 if windowed else 4)

    def test_finds_out_that_nothing_follows(self, server: BinanceServer) -> None:
        found = pages(server, 0, 10 * YEAR_HOURS)

        assert_same(found, server.bars)
        assert len(server.asked) <= 12

    def test_ends_where_the_venue_never_answers_with_a_bar(self, server: BinanceServer) -> None:
        server.change = lambda rows: []

        assert sum(len(page.bars) for page in pages(server, 0, 10 * YEAR_HOURS)) == 0
        assert len(server.asked) <= 12

    def test_gives_up_on_empty_answers_that_the_daily_bars_deny(
        self, server: BinanceServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging, "_MAX_EMPTY", 1)
        server.windowed = True
        server.bars = make_bars(Timeframe.H1, START_NS, 4_500)
        server.change = lambda rows: rows if server.asked[-1]["interval"] == "1d" else []

        with pytest.raises(EmptyAnswers, match=r"2 answers without a bar of BTC/USDT\.BINANCE 1h"):
            pages(server, 0, 4_500)

    def test_a_venue_without_daily_bars_is_asked_page_by_page(self, server: BinanceServer) -> None:
        server.bars, server.windowed = without(server.bars, 100, 2_300), True

        with connect(server, after_hours(2_500)) as client:
            client._exchange.timeframes = {"1h": "1h"}
            found = list(
                iter_bars(
                    client,
                    BTC,
                    Timeframe.H1,
                    start_ns=START_NS,
                    end_ns=START_NS + 2_500 * HOUR_NS,
                )
            )

        assert_same(found, server.bars)

    def test_leaves_out_the_bar_that_has_not_closed(self, server: BinanceServer) -> None:
        with connect(server, after_hours(20.5)) as client:
            found = list(
                iter_bars(
                    client, BTC, Timeframe.H1, start_ns=START_NS, end_ns=START_NS + 21 * HOUR_NS
                )
            )

        assert hours(found) == list(range(20))


class TestFaults:
    @pytest.mark.parametrize(
        "faults",
        [
            [Answer(status=500), Answer(status=502)],
            [Answer(status=429, headers={"Retry-After": "1"})],
            [Answer(hang=True)],
            [Answer(body="[" + "0," * 9_000 + "0]", cut=True)],
            [Answer(body='[[1704067200000,"1","1"')],
        ],
        ids=["5xx", "429", "timeout", "disconnect", "cut short"],
    )
    def test_a_failure_that_passes_leaves_no_trace(
        self, server: BinanceServer, faults: list[Answer]
    ) -> None:
        def fail_at_the_second_page(count: int) -> None:
            if count == 2:
                server.faults += faults

        server.before_answer = fail_at_the_second_page

        assert_same(pages(server), server.bars)
        assert len(server.asked) == 3 + len(faults)

    def test_gives_up_when_it_does_not_pass(self, server: BinanceServer) -> None:
        server.faults += [Answer(status=500)] * 50

        with pytest.raises(VenueUnavailable):
            pages(server)
        assert len(server.asked) == 3
