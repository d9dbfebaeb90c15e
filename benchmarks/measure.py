"""Whole processes and their cost, and an installation of its own to measure in."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Cost:
    """What one process cost."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(words: list[str], *, environment: dict[str, str] | None = None) -> Cost:
    """Run a command to its end and return what the operating system counted.

    Raises
    ------
    RuntimeError
        If it fails: a failed run costs nothing worth knowing.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{words} exited with {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def pairs(
    ours: list[str], theirs: list[str], *, environment: dict[str, str], count: int
) -> dict[str, object]:
    """Run two commands in turn and return their medians and the ratio pair by pair."""
    run(ours, environment=environment)
    run(theirs, environment=environment)
    costs = [
        (run(ours, environment=environment), run(theirs, environment=environment))
        for _ in range(count)
    ]
    ratios = [a.wall_s / b.wall_s for a, b in costs]
    return {
        "pairs": count,
        "ours": _median([a for a, _ in costs]),
        "native": _median([b for _, b in costs]),
        "wall_ratio": {
            "min": min(ratios), "median": statistics.median(ratios), "max": max(ratios),
        },
        "cpu_ratio_median": statistics.median(a.cpu_s / b.cpu_s for a, b in costs),
    }  # fmt: skip


def _median(costs: list[Cost]) -> dict[str, float]:
    return {
        name: round(statistics.median(getattr(cost, name) for cost in costs), 3)
        for name in ("wall_s", "cpu_s", "peak_mb")
    }


def manage(*words: object) -> list[str]:
    """Return the words of a management command."""
    return [sys.executable, "manage.py", *map(str, words)]


@contextmanager
def installation() -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a folder and the environment of an installation in it, migrated and empty."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        environment = {"ASSAY_PATHS__VAR": name, "DATABASE_URL": ""}
        run(manage("migrate", "--verbosity", "0"), environment=environment)
        yield Path(name), environment


def report(name: str, target: str, figures: dict[str, object]) -> None:
    """Print one benchmark's document."""
    print(json.dumps({"benchmark": name, "target": target, **figures}, indent=1))
