"""A surface of a million cells: a thousand sets over a thousand bars, and their heat map."""

import json
import os
import subprocess
import time

from benchmarks.measure import ROOT, installation, manage, report, run
from benchmarks.synthetic import write_csv

BARS = 1_000
SERIES = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1m")
GRID = ("--grid", "fast=2:41:1", "--grid", "slow=50:74:1", "--min-round-trips", "1")


def main() -> None:
    """Measure whole processes: the sweep, and the reading of its surface."""
    with installation() as (folder, environment):
        bars = write_csv(folder / "bars.csv", BARS)
        run(manage("import_bars", bars, *SERIES), environment=environment)
        words = manage("run_sweep", "--strategy", "sma_cross", *GRID, *SERIES, "--json")
        began = time.perf_counter()
        done = subprocess.run(
            words, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, check=True
        )
        swept = time.perf_counter()
        document = json.loads(done.stdout)
        os.environ.update({**environment, "DJANGO_SETTINGS_MODULE": "platform_site.settings.base"})
        cells = _read(document["sweep_id"])
        read = time.perf_counter()
    report(
        "surface",
        "1,000 sets x 1,000 bars in under 10 s",
        {
            "sets": document["n_trials"],
            "bars": BARS,
            "cells_of_the_map": cells,
            "sweep_s": round(swept - began, 2),
            "map_s": round(read - swept, 2),
            "peak_mb": document["peak_rss_mb"],
        },
    )


def _read(number: int) -> int:
    """Return how many places of the map have a value."""
    import django

    django.setup()
    from research.selectors.sweep_surfaces import read_surface
    from research.selectors.sweeps import get_sweep

    return len(read_surface(get_sweep(number), x="fast", y="slow", metric="sharpe").cells)


if __name__ == "__main__":
    main()
