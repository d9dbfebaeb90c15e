"""A million bars from Feather into the store, and back into memory, in one process."""

import resource
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.measure import report
from benchmarks.synthetic import write_feather
from common.data_pipeline.pipeline import import_bars
from common.data_pipeline.store import SeriesStore
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe

BARS = 1_000_000
REPEATS = 5
KEY = SeriesKey.bars(InstrumentId("BTC/USDT", "BENCH"), Timeframe.M1)


def main() -> None:
    """Measure import, with hashes and fsync, and reading; each into a new store."""
    imports, reads = [], []
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        file = write_feather(Path(name) / "bars.feather", BARS)
        for number in range(REPEATS):
            store = SeriesStore(Path(name) / f"store-{number}")
            began = time.perf_counter()
            import_bars(store, file, KEY)
            imports.append(time.perf_counter() - began)
            began = time.perf_counter()
            bars = store.read_bars(KEY)
            reads.append(time.perf_counter() - began)
            assert len(bars) == BARS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    report(
        "store",
        "1,000,000 bars: import at most 2 s, read at most 0.15 s",
        {
            "import_s": {"median": statistics.median(imports), "max": max(imports)},
            "read_s": {"median": statistics.median(reads), "max": max(reads)},
            "peak_mb_with_the_file_generator": peak,
        },
    )


if __name__ == "__main__":
    main()
