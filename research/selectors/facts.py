"""The facts that a run left, checked against the hash its row holds."""

import hashlib
import io
from pathlib import Path
from typing import Any

from django.conf import settings
from numpy.typing import NDArray

from common.data_pipeline.arrays import to_numpy
from research.exceptions import ArtefactDamaged
from research.models import Artefact, Run


def read_artefact(artefact: Artefact) -> dict[str, NDArray[Any]]:
    """Return the columns of an artefact.

    Raises
    ------
    ArtefactDamaged
        If the file is missing or its content is not what the run left.
    """
    import pyarrow.parquet as pq

    path = Path(settings.ARTEFACT_ROOT) / artefact.path
    try:
        content = path.read_bytes()
    except OSError as e:
        raise ArtefactDamaged(
            f"{artefact} cannot be read: {e.strerror}", path=artefact.path
        ) from e
    found = hashlib.sha256(content).hexdigest()
    if found != artefact.sha256:
        raise ArtefactDamaged(
            f"{artefact} has hash {found[:12]}, the run recorded {artefact.sha256[:12]}",
            path=artefact.path,
        )
    # Not `read_table`: it loads the machinery of many-file datasets, 35 MB of it.
    table = pq.ParquetFile(io.BytesIO(content)).read()
    return {name: to_numpy(table[name]) for name in table.column_names}


def artefact_of(run: Run, kind: str) -> Artefact | None:
    """Return the run's artefact of a kind from those read with it, or None."""
    return next((file for file in run.artefacts.all() if file.kind == kind), None)
