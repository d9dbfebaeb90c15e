"""Files that a run leaves: fills and equity as Parquet, named by the run, checked by hash."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_arrow
from common.data_pipeline.durable import make_folder, replace_file
from common.domain.bars import Floats, Times
from common.domain.fills import FILL_DTYPE, Fills
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


def write_facts(*, run: Run, fills: Fills, open_ns: Times, equity: Floats) -> list[StoredFile]:
    """Write the facts of a run and return what was written, for its row to name.

    The files are on the disk before the row says so. One that no row names was left
    by a process that was killed in between, and does no harm.

    Raises
    ------
    ArtefactNotWritten
        If the disk refuses.
    """
    columns: dict[str, NDArray[np.generic]] = {
        name: np.ascontiguousarray(fills[name]) for name in FILL_DTYPE.names or ()
    }
    return [
        _write(run, "fills", columns, rows=len(fills)),
        _write(run, "equity", {"open_ns": open_ns, "equity": equity}, rows=len(equity)),
    ]


def _write(
    run: Run, kind: str, columns: dict[str, NDArray[np.generic]], *, rows: int
) -> StoredFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    table = pa.table({name: to_arrow(values) for name, values in columns.items()})
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False)
    content = buffer.getvalue()
    name = Path(f"{run.pk:08d}"[:-3]) / f"{run.pk}-{kind}.parquet"
    target = Path(settings.ARTEFACT_ROOT) / name
    try:
        make_folder(target.parent)
        replace_file(target, content)
    except OSError as e:
        raise ArtefactNotWritten(
            f"{kind} of {run} cannot be written to {target}: {e}", path=str(target)
        ) from e
    return StoredFile(kind, str(name), hashlib.sha256(content).hexdigest(), len(content), rows)


def result_hash(*, fills: Fills, equity: Floats) -> str:
    """Return a hash of the facts, equal if and only if they are equal to the bit."""
    digest = hashlib.sha256()
    for name in FILL_DTYPE.names or ():
        column = np.ascontiguousarray(fills[name])
        digest.update(column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes())
    digest.update(np.ascontiguousarray(equity, dtype="<f8").tobytes())
    return digest.hexdigest()
