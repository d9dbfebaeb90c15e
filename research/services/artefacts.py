"""Files that a run leaves: fills and equity as Parquet, named by the run, checked by hash."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from common.data_pipeline.durable import make_folder, replace_file
from common.data_pipeline.parquet_bytes import to_parquet
from common.domain.bars import Times
from research.domain.backtest import BacktestResult
from research.exceptions import ArtefactNotWritten
from research.models import Run


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that has been written and will not change."""

    kind: str
    path: str
    sha256: str
    size_bytes: int
    rows: int


def write_facts(*, run: Run, result: BacktestResult, open_ns: Times) -> list[StoredFile]:
    """Write the facts of a run and return what was written, for its row to name.

    The files are on the disk before the row says so. One that no row names was left
    by a process that was killed in between, and does no harm.

    Raises
    ------
    ArtefactNotWritten
        If the disk refuses.
    """
    fills, funding, equity = result.fills, result.funding, result.equity
    files = [
        _write(run, "fills", _columns(fills), rows=len(fills)),
        _write(run, "equity", {"open_ns": open_ns, "equity": equity}, rows=len(equity)),
    ]
    if len(funding):
        files.append(_write(run, "funding", _columns(funding), rows=len(funding)))
    return files


def _columns(facts: NDArray[np.void]) -> dict[str, NDArray[np.generic]]:
    return {name: np.ascontiguousarray(facts[name]) for name in facts.dtype.names or ()}


def _write(
    run: Run, kind: str, columns: dict[str, NDArray[np.generic]], *, rows: int
) -> StoredFile:
    name = Path(f"{run.pk:08d}"[:-3]) / f"{run.pk}-{kind}.parquet"
    return write_file(name, columns, kind=kind, of=str(run), rows=rows)


def write_file(
    name: Path, columns: Mapping[str, NDArray[np.generic]], *, kind: str, of: str, rows: int
) -> StoredFile:
    """Write columns below the artefact folder.

    Raises
    ------
    ArtefactNotWritten
        If the disk refuses.
    """
    content = to_parquet(columns)
    target = Path(settings.ARTEFACT_ROOT) / name
    try:
        make_folder(target.parent)
        replace_file(target, content)
    except OSError as e:
        raise ArtefactNotWritten(
            f"{kind} of {of} cannot be written to {target}: {e}", path=str(target)
        ) from e
    return StoredFile(kind, str(name), hashlib.sha256(content).hexdigest(), len(content), rows)


def result_hash(result: BacktestResult) -> str:
    """Return a hash of the facts, equal if and only if they are equal to the bit."""
    digest = hashlib.sha256()
    # Without funding there is nothing of it to add: not even the names of its columns.
    for facts in (result.fills, result.funding):
        for column in _columns(facts).values():
            digest.update(column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes())
    digest.update(np.ascontiguousarray(result.equity, dtype="<f8").tobytes())
    return digest.hexdigest()
