"""Consecutive children of the fork server, each engine's: none hangs, none is like another.

`python -m benchmarks.children [COUNT [ENGINE ...]]`
"""

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.jobs import run_job, wave
from benchmarks.measure import report
from research.compute import fork_server, processes
from research.compute.fork_server import Preload
from research.engines.registry import list_engines

COUNT = 1_000
WARM = 20
DRAWS = 20
_BARS = 500
STRATEGY = """
import random
import numpy as np
from trading.strategies.base import Strategy


class Draw(Strategy):
    key = "draw"
    version = "1"
    summary = "Draws"

    def warm_up(self, params):
        return 0

    def targets(self, bars, params):
        raise ValueError((random.random(), np.random.random()))
"""


def main(words: list[str]) -> None:
    """Measure every installed engine, or those named."""
    count = int(words[0]) if words else COUNT
    installed = [engine.name for engine in list_engines() if engine.installed]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        strategies = Path(name)
        (strategies / "draw.py").write_text(STRATEGY, encoding="utf-8")
        figures = {
            engine: _measure(engine, count, strategies) for engine in words[1:] or installed
        }
    report("children", f"{count} in a row per engine, all of them end", {"engines": figures})


def _measure(engine: str, count: int, strategies: Path) -> dict[str, object]:
    began = time.perf_counter()
    fork_server.ensure_ready(Preload(engines=(engine,)))
    ready = time.perf_counter() - began
    seconds, ends = _run(engine, strategies, count=WARM)
    before = _resident()
    more, more_ends = _run(engine, strategies, count=count - WARM)
    seconds += more
    draws = {
        error.detail
        for _ in range(DRAWS)
        if (error := run_job(engine, wave(_BARS), strategy="draw", strategies=strategies).error)
    }
    figures = {
        "server_ready_s": round(ready, 2),
        "children": len(seconds),
        "ends": dict(ends + more_ends),
        "median_s": round(statistics.median(seconds), 4),
        "slowest_s": round(max(seconds), 4),
        "distinct_draws": f"{len(draws)} of {DRAWS}",
        "worker_rss_growth_mb": round((_resident() - before) / 1e6, 2),
    }
    fork_server.stop()
    return figures


def _run(engine: str, strategies: Path, *, count: int) -> tuple[list[float], Counter[str]]:
    seconds, ends, bars = [], Counter[str](), wave(_BARS)
    for _ in range(count):
        began = time.perf_counter()
        result = run_job(engine, bars, strategy="sma_cross", strategies=strategies)
        seconds.append(time.perf_counter() - began)
        ends[result.error.code if result.error else "facts"] += 1
    return seconds, ends


def _resident() -> int:
    process = processes.identify(os.getpid())
    return processes.proportional_bytes([process] if process else [])


if __name__ == "__main__":
    main(sys.argv[1:])
