"""What the sets of a sweep came to day by day: written with each chunk, read as one matrix."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from common.domain.bars import Times
from portfolio.metrics.daily import DAY_NS
from research.compute.exceptions import MemoryBudgetExceeded
from research.exceptions import SweepNotRunning
from research.models import Sweep, SweepChunk
from research.selectors.facts import read_file
from research.services.artefacts import write_file
from research.validation.daily_facts import DailyFacts
from research.validation.day_matrix import DayMatrix

_MB: Final = 1_000_000
# A return, a count, and what those who look at them hold beside.
_BYTES_PER_CELL: Final = 20


def days_of_bars(open_ns: Times) -> Times:
    """Return when each UTC day that has a bar begins."""
    return np.unique(open_ns // DAY_NS) * DAY_NS


def write_days(
    chunk: SweepChunk, found: Mapping[int, DailyFacts], day_ns: Times
) -> dict[str, str]:
    """Write the days of the sets of a chunk, and return the columns that name the file.

    The file is on the disk before a row says so; each attempt has one of its own.

    Raises
    ------
    ArtefactNotWritten
        If the disk refuses.
    """
    if not found:
        return {}
    columns = {
        "number": np.repeat(np.fromiter(found, np.int64), len(day_ns)),
        "day_ns": np.tile(day_ns, len(found)),
        "returns": np.concatenate([one.returns for one in found.values()]),
        "round_trips": np.concatenate([one.round_trips for one in found.values()]),
    }
    sweep = f"{chunk.sweep_id:08d}"
    name = Path("sweeps", sweep[:-3], sweep, f"{chunk.index}-{chunk.attempt}.parquet")
    file = write_file(name, columns, kind="days", of=str(chunk), rows=len(columns["number"]))
    return {"days_path": file.path, "days_sha256": file.sha256}


def read_days(sweep: Sweep) -> DayMatrix:
    """Return the sets of a sweep day by day; those that were not executed are left out.

    Raises
    ------
    SweepNotRunning
        If not one set has days.
    MemoryBudgetExceeded
        If they are more than one job may hold.
    ArtefactDamaged
        If a file is missing or is not what was written.
    """
    chunks = list(sweep.chunks.exclude(days_path="").order_by("index"))
    if not chunks:
        raise SweepNotRunning(f"{sweep} has no set with days", sweep=sweep.pk)
    sets = dict(sweep.trials.values_list("number", "params"))
    day_ns = np.unique(_read(chunks[0])["day_ns"])
    _admit(sweep, n_sets=len(sets), n_days=len(day_ns))
    returns = np.empty((len(sets), len(day_ns)))
    round_trips = np.empty(returns.shape, np.int32)
    numbers: list[int] = []
    for part in map(_read, chunks):
        written = part["number"][:: len(day_ns)]
        # A set that a search asked for again is no trial of its own.
        kept = np.isin(written, np.fromiter(sets, np.int64, len(sets)))
        rows = slice(len(numbers), len(numbers) + np.count_nonzero(kept))
        returns[rows] = part["returns"].reshape(-1, len(day_ns))[kept]
        round_trips[rows] = part["round_trips"].reshape(-1, len(day_ns))[kept]
        numbers.extend(written[kept].tolist())
    return DayMatrix(
        numbers=tuple(numbers),
        sets=tuple(sets[number] for number in numbers),
        returns=returns[: len(numbers)].T,
        round_trips=round_trips[: len(numbers)].T,
        day_ns=day_ns,
    )


def _read(chunk: SweepChunk) -> dict[str, NDArray[Any]]:
    return read_file(chunk.days_path, sha256=chunk.days_sha256, what=f"the days of {chunk}")


def _admit(sweep: Sweep, *, n_sets: int, n_days: int) -> None:
    predicted = n_sets * n_days * _BYTES_PER_CELL
    budget = settings.PLATFORM.compute.job_memory_mb * _MB
    if predicted > budget:
        raise MemoryBudgetExceeded(
            f"the days of {n_sets:,} sets over {n_days:,} days take about {predicted / _MB:,.0f}"
            f" MB, a job may take {budget / _MB:,.0f} MB: try fewer sets or a shorter period, or"
            " raise compute.job_memory_mb",
            sweep=sweep.pk,
            predicted_mb=round(predicted / _MB, 1),
            budget_mb=budget / _MB,
        )
