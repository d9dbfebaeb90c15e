"""A recorded order-book feed into event files, beside the library's own conversion of it."""

import contextlib
import gzip
import io
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import report
from common.data_pipeline.events.formats import RecordingFile, RecordingFormat
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.sizes import Sizes, Step
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.memory import peak_rss_bytes

MESSAGES = 90_000
REPEATS = 5
KEY = SeriesKey(InstrumentId("BTC/USDT:USDT", "BENCH"), SeriesKind.EVENTS)
SIZES = Sizes(Step(Decimal("0.1")), Step(Decimal("0.001")))
_START_MS = 1_723_158_000_000


def main() -> None:
    """Measure events a second, files and hashes included, of both in turn."""
    from hftbacktest.data.utils import binancefutures

    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        file = Path(name) / "feed.gz"
        with gzip.open(file, "wt", compresslevel=1) as stream:
            stream.writelines(_lines(random.Random(1)))
        recording = RecordingFile(path=file, format=RecordingFormat.BINANCE_FUTURES)
        _convert(binancefutures, file)  # compiles
        for number in range(REPEATS):
            store = SeriesStore(Path(name) / f"store-{number}")
            began = time.perf_counter()
            rows = import_events(store, recording.open(KEY.instrument), KEY, sizes=SIZES).rows
            ours.append(rows / (time.perf_counter() - began))
            began = time.perf_counter()
            assert _convert(binancefutures, file) == rows
            theirs.append(rows / (time.perf_counter() - began))
    report(
        "events",
        "recorded feed: at least as many events a second as the library's own conversion",
        {
            "events_per_s": {"median": statistics.median(ours), "min": min(ours)},
            "library_events_per_s": {"median": statistics.median(theirs), "max": max(theirs)},
            "peak_mb_with_the_library": peak_rss_bytes() / 1e6,
        },
    )


def _convert(module: object, file: Path) -> int:
    with contextlib.redirect_stdout(io.StringIO()):
        events = module.convert(  # type: ignore[attr-defined]
            str(file), str(file.with_suffix(".npz")), buffer_size=2_000_000
        )
    return len(events)


def _lines(generator: random.Random) -> Iterator[str]:
    """Yield a feed with the shape of Binance's: of ten messages seven best prices, two trades."""
    update = 0
    for number in range(MESSAGES):
        at_ms = _START_MS + number * 4
        facts = {"T": at_ms - generator.choice((0, 0, 9)), "s": "BTCUSDT"}
        if number % 10 < 7:
            data = {"e": "bookTicker", "b": "60000.0", "B": "1.000", "a": "60000.1", **facts}
        elif number % 10 < 9:
            price = f"{60_000 + generator.randrange(100) / 10:.1f}"
            trade = {"e": "trade", "t": number, "p": price, "q": "0.005", "X": "MARKET"}
            data = {**trade, "m": generator.random() < 0.5, **facts}
        else:
            levels = [
                (
                    f"{59_900 + generator.randrange(2_000) / 10:.1f}",
                    f"{generator.randrange(9)}.250",
                )
                for _ in range(50)
            ]
            numbers = {"U": update + 1, "u": update + 1, "pu": update}
            data = {"e": "depthUpdate", **numbers, "b": levels[:25], "a": levels[25:], **facts}
            update += 1
        receipt = f"{at_ms * 1_000_000 + 2_000_000}"
        yield f"{receipt} {json.dumps({'stream': 'btcusdt', 'data': data})}\n"


if __name__ == "__main__":
    main()
