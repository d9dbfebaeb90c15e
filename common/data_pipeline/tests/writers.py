"""What other processes do to a store in the tests of faults; run by a fork server."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet

from common.data_pipeline.export import export_bars
from common.data_pipeline.pipeline import import_bars
from common.data_pipeline.resample import resample_series
from common.data_pipeline.rows import BarRows
from common.data_pipeline.store import SeriesStore
from common.data_pipeline.tests.series import HOUR, KEY, START, hours, rows_at
from common.domain.instruments import SeriesKey
from common.domain.timeframe import Timeframe

PROCESSES = multiprocessing.get_context("forkserver")
# Each child has pyarrow before it changes its user or its limits.
PROCESSES.set_forkserver_preload([__name__, pyarrow.parquet.__name__])

NOBODY = 65_534
MINUTES = SeriesKey.bars(KEY.instrument, Timeframe.M1)


def run[**P, T](action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what an action returns in a process of its own, or raise what it raises."""
    with ProcessPoolExecutor(1, mp_context=PROCESSES) as pool:
        return pool.submit(action, *args, **kwargs).result()


def append(root: Path, first: int, last: int, step: int = 1) -> None:
    """Merge the hours from `first` to `last` one by one."""
    for number in range(first, last, step):
        SeriesStore(root).merge_bars(KEY, [rows_at(hours(number))])


def append_forever(root: Path, batch: int) -> None:
    """Merge the next `batch` hours, again and again."""
    store = SeriesStore(root)
    stored = store.manifest(KEY).rows
    while True:
        store.merge_bars(KEY, [rows_at(hours(*range(stored, stored + batch)))])
        stored += batch


def merge_and_die(root: Path, point: int, first: int, last: int) -> None:
    """Merge hours, and be killed just before the `point`-th change of the disk."""
    left = point

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return step

    for name in ("fsync", "utime", "rename", "replace", "rmdir", "unlink", "mkdir"):
        setattr(os, name, guarded(getattr(os, name)))
    SeriesStore(root).merge_bars(KEY, [rows_at(hours(*range(first, last)))])


def merge_limited(root: Path, limit: int, first: int, last: int) -> None:
    """Merge hours with no file allowed to grow beyond `limit` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    SeriesStore(root).merge_bars(KEY, [rows_at(hours(*range(first, last)))])


def merge_months_limited(root: Path, limit: int, months: int) -> None:
    """Merge one bar a month with no file allowed to grow beyond `limit` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    SeriesStore(root).merge_bars(KEY, [rows_at(hours(*range(0, months * 744, 744)))])


def export_limited(root: Path, limit: int, format_name: str, output: Path) -> None:
    """Export everything with no file allowed to grow beyond `limit` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    export_bars(SeriesStore(root), KEY, format=format_name, output=output)


def as_nobody[**P, T](action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Act as a user whom file permissions bind."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    return action(*args, **kwargs)


def read_rows(root: Path) -> int:
    """Return how many bars can be read."""
    return len(SeriesStore(root).read_bars(KEY))


def minutes_newest_first(count: int, batch: int = 50_000) -> Iterator[BarRows]:
    """Yield minute bars in reverse, as some publishers write them."""
    for last in range(count, 0, -batch):
        numbers = np.arange(last - 1, max(last - batch, 0) - 1, -1)
        yield rows_at(START + numbers * (HOUR // 60))


def peak_of(action: Callable[[Path], object], root: Path) -> int:
    """Return by how many bytes an action raised this process's peak memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    action(root)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def merge_minutes(root: Path, count: int) -> None:
    """Merge minute bars that come newest first."""
    SeriesStore(root).merge_bars(MINUTES, minutes_newest_first(count))


def import_minutes(root: Path, path: Path) -> None:
    """Import a file of minute bars."""
    import_bars(SeriesStore(root), path, MINUTES)


def resample_minutes(root: Path) -> None:
    """Store hours made of the minutes."""
    resample_series(SeriesStore(root), MINUTES, Timeframe.H1)


def export_minutes(root: Path, format_name: str) -> None:
    """Export the minutes."""
    output = root / f"minutes.{format_name}"
    export_bars(SeriesStore(root), MINUTES, format=format_name, output=output, overwrite=True)
