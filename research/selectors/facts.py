"""The facts that a run left, checked against the hash its row holds."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from numpy.typing import NDArray

from common.data_pipeline.parquet_bytes import from_parquet
from research.exceptions import ArtefactDamaged
from research.models import Artefact, Run


def read_artefact(artefact: Artefact) -> dict[str, NDArray[Any]]:
    """Return the columns of an artefact.

    Raises
    ------
    ArtefactDamaged
        If the file is missing or its content is not what the run left.
    """
    return read_file(artefact.path, sha256=artefact.sha256, what=str(artefact))


def read_file(name: str, *, sha256: str, what: str) -> dict[str, NDArray[Any]]:
    """Return the columns of a file below the artefact folder.

    Raises
    ------
    ArtefactDamaged
        If it is missing, or its content has another hash.
    """
    path = Path(settings.ARTEFACT_ROOT) / name
    try:
        content = path.read_bytes()
    except OSError as e:
        raise ArtefactDamaged(f"{what} cannot be read: {e.strerror}", path=name) from e
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ArtefactDamaged(
            f"{what} has hash {found[:12]}, the run recorded {sha256[:12]}", path=name
        )
    return from_parquet(content)


def artefact_of(run: Run, kind: str) -> Artefact | None:
    """Return the run's artefact of a kind from those read with it, or None."""
    return next((file for file in run.artefacts.all() if file.kind == kind), None)
