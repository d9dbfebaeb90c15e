"""A job of 5,000 bars through a warm worker against the same run written for vectorbt, cold.

From the question to the final row: queue, broker, worker, child, ledger. It needs no broker:
one is started for it. `python -m benchmarks.warm_worker [JOBS]` says over how many jobs the
worker's memory is watched.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, installation, manage, report, run
from benchmarks.synthetic import write_csv

BARS = 5_000
JOBS = 15
MANY = 200
SERIES = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1m")


def main(words: list[str]) -> None:
    """Measure both, one after the other."""
    from tests.e2e.workers import worker
    from tests.servers import redis

    with (
        tempfile.TemporaryDirectory() as broker,
        redis(Path(broker)) as url,
        installation() as (folder, environment),
    ):
        bars = write_csv(folder / "bars.csv", BARS)
        run(manage("import_bars", bars, *SERIES), environment=environment)
        script = ROOT / "benchmarks" / "native" / "vectorbt_sma_cross.py"
        native = [sys.executable, str(script), str(bars), "1min"]
        cold = statistics.median(run(native).wall_s for _ in range(3))
        shared = {**environment, "REDIS_URL": url, "ASSAY_COMPUTE__ENGINES": '["vectorbt"]'}
        os.environ.update({**shared, "DJANGO_SETTINGS_MODULE": "platform_site.settings.base"})
        with worker(shared) as process:
            figures = _measure(process, int(words[0]) if words else MANY)
    median = statistics.median(figures.pop("seconds"))
    figures |= {"native_cold_s": round(cold, 3), "warm_s": round(median, 3)}
    report("warm_worker", "at most 0.35 x native cold", {**figures, "ratio": median / cold})


def _measure(process: Any, many: int) -> dict[str, Any]:
    import django

    django.setup()
    _job()  # Starts the fork server.
    seconds = [_job() for _ in range(JOBS)]
    before = process.memory_info().rss
    for _ in range(many):
        _job()
    growth = process.memory_info().rss - before
    return {
        "seconds": seconds,
        "jobs_between": many,
        "worker_rss_mb": round(before / 1e6, 1),
        "worker_rss_growth_mb": round(growth / 1e6, 2),
    }


def _job() -> float:
    from common.domain.instruments import InstrumentId
    from common.domain.timeframe import Timeframe
    from research.domain.question import RunQuestion
    from research.models import FINAL_STATES, Run
    from research.services import queue

    question = RunQuestion(
        strategy_key="sma_cross",
        engine="vectorbt",
        instrument=InstrumentId("BTC/USDT", "BENCH"),
        timeframe=Timeframe.M1,
    )
    began = time.perf_counter()
    number = queue.enqueue(question=question, user_id=None).pk
    while Run.objects.values_list("status", flat=True).get(pk=number) not in FINAL_STATES:
        time.sleep(0.005)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:])
