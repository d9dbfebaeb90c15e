import gzip
import hashlib
import json
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from common.data_pipeline.events.binance_futures import BinanceFuturesFeed
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.reading import read_event_files, verify_events
from common.data_pipeline.events.report import EventReport
from common.data_pipeline.events.resample import bars_from_events
from common.data_pipeline.events.tests.feeds import INSTRUMENT, KEY, SIZES, feed, stored
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.writers import peak_of, run
from common.domain.events import (
    AT_EXCHANGE,
    AT_LOCAL,
    DEPTH,
    DEPTH_CLEAR,
    DEPTH_SNAPSHOT,
    KIND_MASK,
    TRADE,
)
from common.domain.timeframe import Timeframe

FEED = "binanceusdm_btcusdt_20240808_feed.gz"
GOLDEN_HASH = "6d313c175382303f1a66d6b351d20f0eebb0359045a4d0e70dd3e535733b21f6"

type Imported = tuple[SeriesStore, EventReport]


@pytest.fixture(scope="module")
def imported(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    store = SeriesStore(tmp_path_factory.mktemp("feed") / "store")
    return store, import_events(store, feed(sample_data / FEED), KEY, sizes=SIZES)


@pytest.fixture(scope="module")
def counted(sample_data: Path) -> Counter[str]:
    """Count what the lines of the file say, one by one."""
    counts: Counter[str] = Counter()
    last_update = None
    with gzip.open(sample_data / FEED, "rt") as lines:
        for text in lines:
            message = json.loads(text[20:])
            data = message.get("data", message)
            kind = data.get("e", "book")
            counts[kind] += 1
            if kind == "depthUpdate":
                counts["levels"] += len(data["b"]) + len(data["a"])
                counts["gaps"] += last_update is not None and data["pu"] != last_update
                last_update = data["u"]
            elif kind == "book":
                counts["snapshot"] += len(data["bids"]) + len(data["asks"])
            elif kind == "trade":
                counts["market"] += data["X"] == "MARKET"
    return counts


class TestRealFeed:
    def test_is_counted_exactly(self, imported: Imported, counted: Counter[str]) -> None:
        store, report = imported

        assert report.trades == counted["market"] == 21_313
        assert report.depth_updates == counted["levels"] == 443_521
        assert report.gaps == counted["gaps"] == 0
        assert report.ignored == {"bookTicker": counted["bookTicker"]}
        assert (report.duplicates, report.faults) == (0, ())
        events = stored(store)
        assert len(events) == report.rows == 491_973
        kinds = events["ev"] & KIND_MASK
        sides = {DEPTH_CLEAR: 2, DEPTH_SNAPSHOT: counted["snapshot"]}
        sides |= {TRADE: counted["market"], DEPTH: counted["levels"]}
        for flag in (AT_EXCHANGE, AT_LOCAL):
            found = Counter(kinds[events["ev"] & flag != 0].tolist())
            assert found == sides

    def test_has_the_same_hash_on_every_machine(self, imported: Imported) -> None:
        assert imported[1].hash == GOLDEN_HASH

    def test_has_the_hash_that_the_documented_bytes_give(self, imported: Imported) -> None:
        store, report = imported
        digest = hashlib.sha256(b"events\n\n0.1\n0.001\n")
        times = stored(store)["exch_ts"]
        valid = np.where(stored(store)["ev"] & AT_EXCHANGE != 0, times, 0)
        cut = int(np.argmax(valid >= 1_723_161_600 * 10**9))
        for hour in (stored(store)[:cut], stored(store)[cut:]):
            rows = b"".join(struct.pack("<QqqddQqd", *row) for row in hour.tolist())
            digest.update(hashlib.sha256(rows).digest())

        assert report.hash == digest.hexdigest()

    def test_is_in_order_with_no_negative_latency(self, imported: Imported) -> None:
        store, report = imported
        verify_events(store, KEY)

        latency = stored(store)["local_ts"] - stored(store)["exch_ts"]

        assert latency.min() == 0
        assert report.clock_offset_ns == 1_272_156_851

    def test_makes_the_bars_that_its_lines_make(
        self, imported: Imported, sample_data: Path
    ) -> None:
        trades: dict[int, list[tuple[float, int]]] = {}
        with gzip.open(sample_data / FEED, "rt") as lines:
            for text in lines:
                data = json.loads(text[20:]).get("data", {})
                if data.get("e") == "trade":
                    lots = round(float(data["q"]) * 1_000)
                    minute = data["T"] // 60_000
                    trades.setdefault(minute, []).append((float(data["p"]), lots))
        whole = sorted(trades)[1:]

        bars = bars_from_events(read_event_files(imported[0], KEY), Timeframe.M1)

        assert bars.open_ns.tolist() == [minute * 60_000_000_000 for minute in whole]
        for place, minute in enumerate(whole):
            prices = [price for price, _ in trades[minute]]
            found = (bars.open[place], bars.high[place], bars.low[place], bars.close[place])
            assert found == (prices[0], max(prices), min(prices), prices[-1])
            assert bars.volume[place] == sum(lots for _, lots in trades[minute]) / 1_000


def import_repeated(root: Path) -> None:
    """Import what `repeat` wrote beside the store."""
    recording = BinanceFuturesFeed(root.parent / "feed.txt", INSTRUMENT)
    import_events(SeriesStore(root), recording, KEY, sizes=SIZES)


def repeat(path: Path, hours: int) -> None:
    """Write a recording with 100,000 changes of the book in each hour."""
    levels = ",".join(f'["{100 + n / 10:.1f}","{n % 7}.5"]' for n in range(1_000))
    with path.open("w") as file:
        for number in range(hours * 100):
            at_ms = 1_723_158_000_000 + number * 36_000
            facts = f'"e":"depthUpdate","T":{at_ms},"s":"BTCUSDT","u":{number},"pu":{number - 1}'
            file.write(f'{at_ms + 3}000000 {{{facts},"b":[{levels}],"a":[]}}\n')


@pytest.mark.slow
class TestMemory:
    def test_is_bounded_by_an_hour_of_events(self, tmp_path: Path) -> None:
        peaks = []
        for hours in (2, 12):
            folder = tmp_path / str(hours)
            folder.mkdir()
            repeat(folder / "feed.txt", hours)
            peaks.append(run(peak_of, import_repeated, folder / "store"))

        # A million events more are 64 MB more, were they all held.
        assert peaks[1] < peaks[0] + 10_000_000
