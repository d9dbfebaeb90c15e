"""What the sets of a sweep came to day by day: written with each chunk, read as one matrix."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from common.domain.bars import Times
from portfolio.metrics.daily import DAY_NS
from research.exceptions import SweepNotRunning
from research.models import Sweep, SweepChunk
from research.selectors.facts import read_file
from research.services.artefacts import write_file
from research.validation.daily_facts import DailyFacts
from research.validation.day_matrix import DayMatrix


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
    ArtefactDamaged
        If a file is missing or is not what was written.
    """
    chunks = sweep.chunks.exclude(days_path="").order_by("index")
    parts = [
        read_file(chunk.days_path, sha256=chunk.days_sha256, what=f"the days of {chunk}")
        for chunk in chunks
    ]
    if not parts:
        raise SweepNotRunning(f"{sweep} has no set with days", sweep=sweep.pk)
    n_days = len(np.unique(parts[0]["day_ns"]))
    sets = dict(sweep.trials.values_list("number", "params"))
    written = np.concatenate([part["number"][::n_days] for part in parts])
    # A set that a search asked for again is no trial of its own.
    kept = np.isin(written, np.fromiter(sets, np.int64, len(sets)))
    numbers = tuple(map(int, written[kept]))
    returns, round_trips = (
        np.concatenate([part[name].reshape(-1, n_days) for part in parts])[kept].T
        for name in ("returns", "round_trips")
    )
    return DayMatrix(
        numbers=numbers,
        sets=tuple(sets[number] for number in numbers),
        returns=returns,
        round_trips=round_trips,
        day_ns=parts[0]["day_ns"][:n_days],
    )
