"""One `run_backtest` on each engine for bars against the same run written for the library."""

import sys
from pathlib import Path

from benchmarks.measure import ROOT, installation, manage, pairs, report, run
from benchmarks.synthetic import write_csv

BARS = (5_000, 20_000)
PAIRS = 3
SERIES = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1m")
SIZES = ("--tick", "0.01", "--lot", "0.000001")
# How each script names a minute.
NATIVE = {"freqtrade": "1m", "nautilus": "1-MINUTE", "vectorbt": "1min"}


def main() -> None:
    """Measure whole processes, cold, in turn."""
    figures: dict[str, object] = {f"{count} bars": _measure(count) for count in BARS}
    report("adapters", "whole process, both cold: at most 1.15 x native", figures)


def _measure(count: int) -> dict[str, object]:
    with installation() as (folder, environment):
        bars: Path = write_csv(folder / "bars.csv", count)
        run(manage("import_bars", bars, *SERIES, *SIZES), environment=environment)
        return {
            engine: pairs(
                manage(
                    "run_backtest",
                    "--strategy",
                    "sma_cross",
                    "--engine",
                    engine,
                    *SERIES,
                    "--json",
                ),
                [
                    sys.executable,
                    str(ROOT / "benchmarks" / "native" / f"{engine}_sma_cross.py"),
                    str(bars),
                    minute,
                ],
                environment=environment,
                count=PAIRS,
            )
            for engine, minute in NATIVE.items()
        }


if __name__ == "__main__":
    main()
