"""Every installed engine on all paths without drift, with and without a planted look-ahead."""

import sys
import time

import numpy as np

from benchmarks.measure import report
from research.engines.registry import get_engine, list_engines
from research.engines.tests.martingales import BARS, PATHS, bound, gain_before_costs, run_paths


def main() -> int:
    """Run and print; exit 1 if an engine gains, or the look-ahead passes unseen."""
    engines = {
        engine.name: measure(engine.name)
        for engine in list_engines()
        if engine.installed and engine.capabilities["bars"]
    }
    report(
        "null",
        "mean gain before costs within 3 standard errors of 0, beyond them with look-ahead",
        {"paths": PATHS, "bars": BARS, "engines": engines},
    )
    passed = [run["passed"] for runs in engines.values() for run in runs.values()]
    return 0 if passed and all(passed) else 1


def measure(name: str) -> dict[str, dict[str, object]]:
    """Return both runs of an engine; the second must be seen to gain."""
    return {
        "honest": _run(name, sees_ahead=False),
        "one_bar_of_look_ahead": _run(name, sees_ahead=True),
    }


def _run(name: str, *, sees_ahead: bool) -> dict[str, object]:
    engine = get_engine(name)
    began = time.perf_counter()
    done = run_paths(engine, sees_ahead=sees_ahead)
    wall = time.perf_counter() - began
    gains = np.array([gain_before_costs(result, bars) for result, bars in done])
    mean, allowed = float(gains.mean()), bound(gains)
    return {
        "mean": mean,
        "bound": allowed,
        "fills": sum(len(result.fills) for result, _ in done),
        "wall_s": round(wall, 2),
        "passed": mean > allowed if sees_ahead else abs(mean) <= allowed,
    }


if __name__ == "__main__":
    sys.exit(main())
