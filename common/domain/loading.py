"""Import a heavy library without what it does not need."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Declined:
    """A finder that answers for some packages: they are not there."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Leave all other packages to the next finder.

        Raises
        ------
        ModuleNotFoundError
            If the package is declined.
        """
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} is not imported here", name=name)
        return None


@contextmanager
def light_import(*declined: str) -> Iterator[None]:
    """Import a framework inside this block without garbage collection and some packages.

    Parameters
    ----------
    *declined
        Packages that the framework tries to import and runs without. They can be
        imported as always after the block, by the framework too.

    Notes
    -----
    What an import makes lives as long as the process: a collector that looks at
    hundreds of thousands of new objects time and again finds nothing to free. It does
    not run inside the block, and leaves what was imported alone afterwards.
    """
    was_enabled = gc.isenabled()
    finder = _Declined(frozenset(declined))
    modules = len(sys.modules)
    gc.disable()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        if len(sys.modules) > modules:
            gc.freeze()
        if was_enabled:
            gc.enable()
