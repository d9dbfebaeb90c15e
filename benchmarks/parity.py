"""Engines compared over a year of five-minute bars, and the library over whole real files."""

import itertools
import json
import os
import resource
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.measure import ROOT, installation, manage, report, run
from common.data_pipeline.synthetic import SYNTH_VENUE, generate_bars
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.costs import AccountType, CostModel
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestRequest, Market
from research.engines.registry import get_engine
from research.engines.tests import real_bars
from research.engines.tests.scripted import market
from research.parity.tests.engine_pairs import BAR_ENGINES, compare
from research.parity.tests.test_library import STRATEGIES
from trading.strategies.base import Strategy
from trading.strategies.registry import get_strategy

_YEAR = 365 * 288
_START_NS = 1_600_000_000 // 300 * 300 * 10**9
_SECONDS, _MB = 60.0, 1_500.0
_SERIES = [
    f"{what}{change}"
    for what in ("hours", "minutes")
    for change in ("", " with gaps", " with holes")
]


def main() -> int:
    """Run and print; exit 1 if engines differ, or a comparison is too slow or too large."""
    year = measure_year()
    library, differing = compare_library()
    report(
        "parity",
        f"a year of 5-minute bars within {_SECONDS:g} s and {_MB:g} MB, every pair equal",
        {"year": year, "library": library, "differing": differing},
    )
    slow = year["wall_s"] > _SECONDS or year["sum_of_peaks_mb"] > _MB
    return 1 if slow or differing or year["verdict"] != "EQUAL" else 0


def measure_year() -> dict[str, Any]:
    """Return what `compare_engines` costs over synthetic bars of one year."""
    series = ("--instrument", "BTC/USDT.BENCH", "--timeframe", "5m")
    with installation() as (folder, environment):
        run(
            manage("import_bars", _write_year(folder / "year.csv"), *series, "--lot", "0.00001"),
            environment=environment,
        )
        began, used = time.perf_counter(), _cpu_of_children()
        done = _ask("compare_engines", *series, "--strategy", "sma_cross", **environment)
        wall, cpu = time.perf_counter() - began, _cpu_of_children() - used
        runs = {
            name: _ask("show_run", row["run_id"], "--no-fills", **environment)
            for name, row in done["engines"].items()
            if row["run_id"]
        }
    return {
        "bars": _YEAR,
        "verdict": done["verdict"],
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "fills": {name: row["n_fills"] for name, row in done["engines"].items()},
        "engine_s": {name: round(each["timings"]["engine_s"], 2) for name, each in runs.items()},
        "total_s": {name: round(each["timings"]["total_s"], 2) for name, each in runs.items()},
        "peak_mb": {name: round(each["peak_rss_mb"]) for name, each in runs.items()},
        "sum_of_peaks_mb": round(sum(each["peak_rss_mb"] for each in runs.values())),
    }


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _write_year(path: Path) -> Path:
    parts = [
        *generate_bars(
            InstrumentId("BTC/USDT", SYNTH_VENUE),
            Timeframe.M5,
            start_ns=_START_NS,
            n_bars=_YEAR,
            seed=7,
        )
    ]
    times = np.concatenate([part.open_ns for part in parts]).astype("datetime64[ns]")
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in PRICE_COLUMNS}
    pa_csv.write_csv(pa.table({"date": times.astype("datetime64[ms]"), **columns}), path)
    return path


def _ask(*words: object, **environment: str) -> Any:
    done = subprocess.run(
        [*manage(*words), "--json"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=False,
    )
    return json.loads(done.stdout)


def compare_library() -> tuple[dict[str, Any], list[str]]:
    """Return the number of comparisons of strategies, series and pairs, and those that differ."""
    folder = Path(os.environ.get("ASSAY_SAMPLE_DATA", ROOT.parent / "shared" / "data"))
    worst, fills, differing, count = 0.0, 0, [], 0
    for strategy, series in itertools.product(STRATEGIES, _SERIES):
        request, bars = _pose(strategy, _load(series, folder))
        found = [get_engine(name).run(request, bars) for name in BAR_ENGINES]
        for a, b in itertools.combinations(found, 2):
            pair = compare(a, b, request, bars)
            count, fills = count + 1, fills + pair.summary.matched
            worst = max(worst, pair.inadmissible_money / abs(pair.equity_a))
            if not pair.is_equal:
                differing.append(f"{strategy} on {series}: {a.engine} - {b.engine}")
    return {
        "comparisons": count,
        "matched_fills": fills,
        "largest_inadmissible_money_of_equity": worst,
    }, differing


@cache
def _load(series: str, folder: Path) -> Bars:
    what, _, change = series.partition(" with ")
    bars = {"hours": real_bars.read_hourly, "minutes": real_bars.read_minutes}[what](folder)
    if not change:
        return bars
    changed = {"gaps": real_bars.with_gaps, "holes": real_bars.with_holes}[change]
    return changed(bars, np.random.default_rng(7))


def _pose(name: str, bars: Bars) -> tuple[BacktestRequest, Market]:
    strategy = get_strategy(name)
    if not isinstance(strategy, Strategy):
        raise TypeError(f"{name} has no targets")
    params = strategy.admit({})
    account = AccountType.MARGIN if strategy.can_short(params) else AccountType.CASH
    costs = CostModel(slippage=0.0005)
    request = BacktestRequest(strategy=strategy, params=params, account=account, costs=costs)
    return request, Market(instrument=market([1.0], lot="1e-5").instrument, bars=bars)


if __name__ == "__main__":
    sys.exit(main())
