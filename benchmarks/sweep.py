"""One `run_sweep` of 5,050 sets over a year of hours against the same sweep for vectorbt."""

import sys
from math import comb
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.measure import ROOT, Cost, installation, manage, report, run
from common.data_pipeline.synthetic import SYNTH_VENUE, generate_bars
from common.domain.bars import PRICE_COLUMNS
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe

BARS = 8_760
FIRST, LAST = 5, 105
# Every pair of two different windows, the faster one first.
SETS = comb(LAST - FIRST + 1, 2)
SERIES = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1h")
_START_NS = 1_600_000_000 // 3_600 * 3_600 * 10**9


def main() -> None:
    """Measure both whole processes, one after the other, each once.

    Both try a tiny grid first: what a library compiles and caches on disk is no part of a sweep.
    """
    with installation() as (folder, environment):
        bars = _write_year(folder / "bars.csv")
        run(manage("import_bars", bars, *SERIES), environment=environment)
        for command in (_native(bars, FIRST + 2), _ours(FIRST + 2)):
            run(command, environment=environment)
        native = run(_native(bars, LAST), environment=environment)
        ours = run(_ours(LAST), environment=environment)
    report(
        "sweep",
        "trials a second end to end at least 0.9 x native, peak memory at most 1,200 MB",
        {
            "sets": SETS,
            "bars": BARS,
            "ours": _describe(ours),
            "native": _describe(native),
            "trials_per_s_ratio": round(native.wall_s / ours.wall_s, 3),
        },
    )


def _write_year(path: Path) -> Path:
    parts = [
        *generate_bars(
            InstrumentId("BTC/USDT", SYNTH_VENUE),
            Timeframe.H1,
            start_ns=_START_NS,
            n_bars=BARS,
            seed=7,
        )
    ]
    times = np.concatenate([part.open_ns for part in parts]).astype("datetime64[ns]")
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in PRICE_COLUMNS}
    table = pa.table({"date": times.astype("datetime64[ms]"), **columns})
    pa_csv.write_csv(table, path)
    return path


def _ours(last: int) -> list[str]:
    windows = f"{FIRST}:{last}:1"
    grid = ("--grid", f"fast={windows}", "--grid", f"slow={windows}", "--min-round-trips", "1")
    return manage("run_sweep", "--strategy", "sma_cross", *grid, *SERIES, "--json")


def _native(bars: Path, last: int) -> list[str]:
    script = ROOT / "benchmarks" / "native" / "vectorbt_sweep.py"
    return [sys.executable, str(script), str(bars), "1h", str(FIRST), str(last)]


def _describe(cost: Cost) -> dict[str, float]:
    return {
        "trials_per_s": round(SETS / cost.wall_s, 1),
        "wall_s": round(cost.wall_s, 2),
        "cpu_s": round(cost.cpu_s, 2),
        "peak_mb": round(cost.peak_mb),
    }


if __name__ == "__main__":
    main()
