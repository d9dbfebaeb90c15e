"""Event files looked at before the library opens them."""

import zlib
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from common.domain.events import ARRAY_NAME, EVENT_DTYPE, EventFiles
from research.engines.exceptions import EngineFailed


def require_files(events: EventFiles) -> None:
    """Refuse a file that is not there or holds no events.

    Raises
    ------
    EngineFailed
        Naming the file.

    Notes
    -----
    The library ends the process, or prints, where a file is not what it should be.
    """
    files = events.paths if events.snapshot is None else (*events.paths, events.snapshot)
    for path in files:
        if not path.is_file():
            raise EngineFailed(f"there is no event file {path}", engine="hftbacktest")
        try:
            with ZipFile(path) as archive, archive.open(f"{ARRAY_NAME}.npy") as file:
                layout = read_layout(file)
        except (BadZipFile, KeyError, OSError, ValueError, zlib.error) as e:
            raise EngineFailed(f"{path} cannot be read: {e}", engine="hftbacktest") from e
        if layout != EVENT_DTYPE:
            raise EngineFailed(
                f"{path} holds {layout}, must be {EVENT_DTYPE}", engine="hftbacktest"
            )


def read_layout(file: IO[bytes]) -> np.dtype[Any]:
    """Read an array's header, so that its rows come next."""
    npy: Any = np.lib.format
    is_first = npy.read_magic(file) == (1, 0)
    read = npy.read_array_header_1_0 if is_first else npy.read_array_header_2_0
    layout: np.dtype[Any] = read(file)[2]
    return layout
