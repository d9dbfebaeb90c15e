"""A strategy file as a person wrote it: what it holds, its copy, and values for its names."""

import ast
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from research.engines.exceptions import InvalidNativeStrategy
from research.engines.literals import read_literal
from trading.strategies.parameters import Value


def check_file(path: Path, class_name: str) -> None:
    """Refuse a file that is no Python, or has no class of that name.

    Raises
    ------
    InvalidNativeStrategy
        With the line of the error, or the classes there are.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, SyntaxError, ValueError) as e:
        raise InvalidNativeStrategy(f"{path} cannot be read as Python: {e}") from e
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    if class_name not in classes:
        raise InvalidNativeStrategy(
            f"{path} has no class {class_name}; it has {', '.join(classes) or 'none'}"
        )


def copy_strategy(path: Path, folder: Path) -> None:
    """Copy a strategy, and the file of parameters beside it, which Freqtrade reads."""
    shutil.copy(path, folder / path.name)
    params = path.with_suffix(".json")
    if params.is_file():
        shutil.copy(params, folder / params.name)


def set_parameters(
    strategy: Any, parameters: Mapping[str, Any], given: Mapping[str, Value]
) -> None:
    """Set parameters of a strategy, or plain values of its class, by name.

    Raises
    ------
    InvalidNativeStrategy
        If the strategy has no such name.
    """
    for name, value in given.items():
        if name in parameters:
            parameters[name].value = read_literal(value)
        elif name.startswith("_") or not _is_plain(strategy, name):
            known = ", ".join(sorted(parameters)) or "none"
            raise InvalidNativeStrategy(
                f"{type(strategy).__name__} has no parameter {name}; it has {known}"
            )
        else:
            setattr(strategy, name, read_literal(value))


def vars_of(kind: type) -> dict[str, Any]:
    """Return what a class and its bases have by name."""
    return {name: getattr(kind, name, None) for name in dir(kind)}


def _is_plain(strategy: Any, name: str) -> bool:
    found = getattr(type(strategy), name, None)
    return isinstance(found, bool | int | float | str)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators of the process for a strategy that uses chance, and put them back."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002 - a strategy may use it
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - as above
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002 - as above
