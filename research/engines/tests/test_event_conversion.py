"""Event files held against those that hftbacktest makes of the same recordings."""

import importlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.reading import read_event_files
from common.data_pipeline.events.tests.feeds import (
    ELEVEN_MS,
    KEY,
    MS,
    SIZES,
    book,
    depth,
    feed,
    line,
    store_lines,
    stored,
    trade,
    write,
)
from common.data_pipeline.store import SeriesStore
from common.domain.events import AT_LOCAL, EventFiles, Events

FEED = "binanceusdm_btcusdt_20240808_feed.gz"
HOUR_MS = 3_600_000

pytestmark = [pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]


@pytest.fixture(scope="module", autouse=True)
def library() -> Any:
    """Return the library whose layout the files have."""
    return pytest.importorskip("hftbacktest")


def converted(path: Path) -> Events:
    """Return what the library makes of a recording."""
    module = importlib.import_module("hftbacktest.data.utils.binancefutures")
    events: Events = module.convert(str(path), buffer_size=1_000_000)
    return events


def assert_equal(ours: Events, theirs: Events) -> None:
    assert ours.dtype.names == theirs.dtype.names
    assert len(ours) == len(theirs)
    for name in theirs.dtype.names or ():
        assert ours[name].dtype == theirs[name].dtype
        assert np.array_equal(ours[name], theirs[name]), name


def session(library: Any, files: EventFiles) -> Any:
    """Return a replay of the files, begun with the book before them."""
    asset = (
        library
        .BacktestAsset()
        .data([str(path) for path in files.paths])
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(float(files.tick))
        .lot_size(float(files.lot))
    )
    if files.snapshot is not None:
        asset = asset.initial_snapshot(str(files.snapshot))
    return library.HashMapMarketDepthBacktest([asset])


def quotes(library: Any, files: EventFiles, moments_ns: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return best prices, and quantities on twenty ticks of each side, as replayed."""
    replay = session(library, files)
    replay.elapse(0)
    seen = []
    for moment_ns in moments_ns:
        assert replay.elapse(moment_ns - replay.current_timestamp) in {0, 1}
        found = replay.depth(0)
        bid, ask = found.best_bid_tick, found.best_ask_tick
        bids = [found.bid_qty_at_tick(bid - step) for step in range(20)]
        asks = [found.ask_qty_at_tick(ask + step) for step in range(20)]
        seen.append((bid, ask, *bids, *asks))
    replay.close()
    return seen


def disordered(count: int, seed: int) -> list[str]:
    """Return lines whose times of receipt, and of happening, are partly out of order."""
    generator = random.Random(seed)
    lines, price = [line(0, book(0, [("100.0", "5")], [("100.1", "5")]), envelope=False)], 1_000
    for number in range(1, count + 1):
        at_ms = number * 3 + generator.choice([0, 0, 0, -40, 25])
        price += generator.choice([-1, 0, 1])
        text, quantity = f"{price / 10:.1f}", f"0.{generator.randrange(1_000):03d}"
        local_ns = (ELEVEN_MS + number * 3 - 700 + generator.choice([0, 0, 0, 60])) * MS
        data = (
            trade(at_ms, number, text, quantity, m=generator.random() < 0.5)
            if number % 3 == 0
            else depth(at_ms, number, [(text, quantity)], [(f"{price / 10 + 0.5:.1f}", "1")])
        )
        lines.append(line(at_ms, data, local_ns))
    return lines


def assert_converted_alike(folder: Path, path: Path) -> None:
    store = SeriesStore(folder / "store")
    report = import_events(store, feed(path), KEY, sizes=SIZES)

    assert_equal(stored(store), converted(path))
    # Some stand twice: the recording really is in disorder, and its clock behind.
    assert report.rows == len(stored(store)) > (stored(store)["ev"] & AT_LOCAL != 0).sum()
    assert report.clock_offset_ns > 0


class TestEventFiles:
    @pytest.mark.slow
    def test_of_the_real_feed_equal_the_library_event_for_event(
        self, sample_data: Path, tmp_path: Path
    ) -> None:
        assert_converted_alike(tmp_path, sample_data / FEED)

    @pytest.mark.parametrize("seed", range(4))
    def test_of_a_feed_in_disorder_equal_the_library_event_for_event(
        self, tmp_path: Path, seed: int
    ) -> None:
        path = write(tmp_path, *disordered(2_000, seed))

        assert_converted_alike(tmp_path, path)

    def test_are_valid_to_the_library(self, tmp_path: Path) -> None:
        store = SeriesStore(tmp_path / "store")
        store_lines(store, *disordered(2_000, 9))

        validation = importlib.import_module("hftbacktest.data.validation")

        validation.validate_event_order(stored(store))


class TestSnapshots:
    def test_begin_a_replay_in_the_state_that_the_hours_before_left(
        self, library: Any, tmp_path: Path
    ) -> None:
        generator = random.Random(3)
        store = SeriesStore(tmp_path / "store")
        lines, middle = (
            [line(0, book(0, [("100.0", "5")], [("100.1", "5")]), envelope=False)],
            1_000,
        )
        for number in range(1, 3_001):
            at_ms = number * HOUR_MS // 1_000
            middle += generator.choice([-1, 0, 1])
            gone = [(f"{tick / 10:.1f}", "0") for tick in range(middle, middle + 4)]
            bids = [*gone, (f"{(middle - generator.randrange(1, 8)) / 10:.1f}", f"{number}")]
            below = [(f"{tick / 10:.1f}", "0") for tick in range(middle - 4, middle)]
            asks = [*below, (f"{(middle + generator.randrange(1, 8)) / 10:.1f}", f"{number}")]
            lines.append(line(at_ms, depth(at_ms, number, bids, asks)))
        store_lines(store, *lines)
        start_ns = (ELEVEN_MS + 2 * HOUR_MS) * MS
        moments = [start_ns + minutes * 60_000 * MS for minutes in range(1, 59, 3)]

        whole = read_event_files(store, KEY)
        late = read_event_files(store, KEY, start_ns)

        assert (len(whole.paths), len(late.paths)) == (4, 2)
        begun_late = quotes(library, late, moments)
        assert begun_late == quotes(library, whole, moments)
        assert len({bid for bid, *_ in begun_late}) > 5
        assert all(bid < ask and max(rest) > 1 for bid, ask, *rest in begun_late)

    def test_of_the_real_feed_begin_the_next_hour(
        self, library: Any, sample_data: Path, tmp_path: Path
    ) -> None:
        store = SeriesStore(tmp_path / "store")
        import_events(store, feed(sample_data / FEED), KEY, sizes=SIZES)
        whole = read_event_files(store, KEY)
        late = read_event_files(store, KEY, 1_723_161_600 * 10**9)
        end = [late.end_ns + 10**9]

        assert late.snapshot is not None
        assert late.counts == (89,)
        ((bid, ask, *rest),) = quotes(library, late, end)
        assert [(bid, ask, *rest)] == quotes(library, whole, end)
        assert 0 < ask - bid < 100
        assert max(rest) > 0
