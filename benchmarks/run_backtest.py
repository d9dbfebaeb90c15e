"""One `run_backtest` of 45,000 bars against the same run written directly for vectorbt."""

import sys
from pathlib import Path

from benchmarks.measure import ROOT, installation, manage, pairs, report, run
from benchmarks.synthetic import write_csv

BARS = 45_000
PAIRS = 5
SERIES = ("--venue", "BENCH", "--instrument", "BTC/USDT", "--timeframe", "1m")


def main() -> None:
    """Measure whole processes, cold, in turn."""
    with installation() as (folder, environment):
        bars: Path = write_csv(folder / "bars.csv", BARS)
        run(manage("import_bars", bars, *SERIES), environment=environment)
        ours = manage(
            "run_backtest", "--strategy", "sma_cross", "--engine", "vectorbt", *SERIES, "--json"
        )
        script = ROOT / "benchmarks" / "native" / "vectorbt_sma_cross.py"
        native = [sys.executable, str(script), str(bars), "1min"]
        figures = pairs(ours, native, environment=environment, count=PAIRS)
    report("run_backtest", "whole process, both cold: at most 1.15 x native", figures)


if __name__ == "__main__":
    main()
