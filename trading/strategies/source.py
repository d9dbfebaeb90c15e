"""The hash of a strategy's source: which code a run was made with."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Protocol, runtime_checkable

from common.domain.errors import InvalidInput
from trading.strategies.base import Definition


class UnknownSource(InvalidInput):
    """A strategy that comes from no file, such as one typed at a prompt."""

    code = "unknown_source"


@runtime_checkable
class _KeepsSource(Protocol):
    def get_data(self, path: str) -> bytes:
        """Return the bytes of a file."""
        ...


def source_hash(definition: Definition) -> str:
    """Return the SHA-256, in hexadecimal, of the file that defines a strategy.

    Parameters
    ----------
    definition
        A strategy of the library or of a user.

    Returns
    -------
    str
        64 digits, of the exact bytes of the one module in which its class stands:
        comments and line ends count. For a user's strategy these are the bytes that were
        executed, whatever the file holds by now. What the module imports, indicators
        above all, is not part of it; the platform's own version is recorded beside it.

    Raises
    ------
    UnknownSource
        If there is no such file.
    """
    module = sys.modules.get(type(definition).__module__)
    spec = getattr(module, "__spec__", None)
    loader = getattr(spec, "loader", None)
    if spec is None or spec.origin is None or not isinstance(loader, _KeepsSource):
        raise UnknownSource(f"strategy {definition.key} comes from no file")
    return sha256(loader.get_data(spec.origin)).hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256, in hexadecimal, of a strategy file's bytes.

    Raises
    ------
    UnknownSource
        If the file cannot be read.
    """
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as e:
        raise UnknownSource(f"{path} cannot be read: {e.strerror}", path=str(path)) from e
