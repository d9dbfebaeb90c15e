"""Where Numba keeps what it compiled for this adapter."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numba

_PACKAGE: Final = Path(__file__).parent


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile a function when compiled code first calls it; alone it is never cached."""
    made: F = numba.njit(function)
    return made


def compiled_for(signature: Any, function: Callable[..., Any], *, keep: bool = True) -> Any:
    """Compile a function for one signature, or read it from the disk where it is kept."""
    if not keep:
        return numba.njit([signature])(function)
    with _cache_folder() as folder:
        return numba.njit([signature], cache=folder is not None)(function)


@contextmanager
def _cache_folder() -> Iterator[Path | None]:
    # Numba notices a change of the file of the function alone, not of what that calls. Its
    # folder is therefore named by all sources here and by the library whose layouts they read.
    base = next((each for each in _candidates() if _is_writable(each)), None)
    folder = None if base is None else base / f"assay-hftbacktest-{_digest()}"
    before: str = numba.config.CACHE_DIR
    if folder is not None:
        numba.config.CACHE_DIR = str(folder)
    try:
        yield folder
    finally:
        numba.config.CACHE_DIR = before


def _candidates() -> Iterator[Path]:
    if numba.config.CACHE_DIR:
        yield Path(numba.config.CACHE_DIR)
    yield _PACKAGE / "__pycache__"
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    yield Path(home) / "assay"


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _digest() -> str:
    digest = sha256(version("hftbacktest").encode())
    for source in sorted(_PACKAGE.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
