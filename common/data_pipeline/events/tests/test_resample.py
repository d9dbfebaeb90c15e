from pathlib import Path

import pytest

from common.data_pipeline.events.reading import read_event_files
from common.data_pipeline.events.resample import bars_from_events
from common.data_pipeline.events.tests.feeds import (
    ELEVEN_MS,
    KEY,
    MS,
    depth,
    line,
    store_lines,
    trade,
)
from common.data_pipeline.store import SeriesStore
from common.domain.timeframe import Timeframe

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
START_NS = ELEVEN_MS * MS
# When, price and quantity of each trade.
DEALS = (
    *((30_000, "100.0", "9"), (MINUTE_MS, "100.1", "0.1"), (MINUTE_MS + 5, "100.5", "0.2")),
    *((MINUTE_MS + 6, "99.5", "0.3"), (2 * MINUTE_MS - 1, "100.2", "0.1")),
    *((4 * MINUTE_MS, "101.0", "1"), (HOUR_MS - 1, "102.0", "2"), (HOUR_MS, "103.0", "3")),
    (HOUR_MS + MINUTE_MS + 1, "104.0", "4"),
)


@pytest.fixture
def store(tmp_path: Path) -> SeriesStore:
    store = SeriesStore(tmp_path / "store")
    deals = [
        line(ms, trade(ms, number, price, quantity))
        for number, (ms, price, quantity) in enumerate(DEALS, 1)
    ]
    # The recording begins in the middle of a minute, with a change of the book.
    store_lines(store, line(20_000, depth(20_000, 1, [("99.0", "7")])), *deals)
    return store


class TestBarsFromEvents:
    def test_are_made_of_trades_of_whole_minutes(self, store: SeriesStore) -> None:
        bars = bars_from_events(read_event_files(store, KEY), Timeframe.M1)

        # The first minute began before the recording, the last one goes on after it.
        minutes = [1, 4, 59, 60]
        assert bars.open_ns.tolist() == [START_NS + n * MINUTE_MS * MS for n in minutes]
        assert bars.open.tolist() == [100.1, 101.0, 102.0, 103.0]
        assert bars.high.tolist() == [100.5, 101.0, 102.0, 103.0]
        assert bars.low.tolist() == [99.5, 101.0, 102.0, 103.0]
        assert bars.close.tolist() == [100.2, 101.0, 102.0, 103.0]
        # Added one by one in floating point the first is 0.7000000000000001.
        assert bars.volume.tolist() == [0.7, 1.0, 2.0, 3.0]

    def test_lie_across_the_border_of_two_files(self, store: SeriesStore) -> None:
        start_ns = START_NS - 3 * HOUR_MS * MS
        files = read_event_files(store, KEY)
        whole = type(files)(
            files.paths, files.tick, files.lot, start_ns, start_ns + 8 * HOUR_MS * MS, "", ()
        )

        bars = bars_from_events(whole, Timeframe.H4)

        assert bars.open_ns.tolist() == [start_ns, start_ns + 4 * HOUR_MS * MS]
        assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (100, 102, 99.5, 102)
        assert bars.volume.tolist() == [12.7, 7.0]

    def test_take_no_trade_outside_the_period(self, store: SeriesStore) -> None:
        end_ns = START_NS + HOUR_MS * MS
        files = read_event_files(store, KEY, START_NS + 4 * MINUTE_MS * MS, end_ns)

        bars = bars_from_events(files, Timeframe.M1)

        assert bars.close.tolist() == [101.0, 102.0]

    def test_are_none_where_no_bar_is_whole(self, store: SeriesStore) -> None:
        files = read_event_files(store, KEY, None, START_NS + 2 * MINUTE_MS * MS - 1)

        assert len(bars_from_events(files, Timeframe.M1)) == 0
