"""Files as users write them."""

from pathlib import Path
from textwrap import dedent

GOOD = """
import numpy as np

from trading.strategies.base import Strategy


class Half(Strategy):
    key = "half"
    version = "1"
    summary = "Half in, half out"

    def targets(self, bars, params):
        return np.full(len(bars), 0.5)

    def warm_up(self, params):
        return 0
"""


def write(folder: Path, name: str, text: str = GOOD) -> Path:
    """Write one file and return its path."""
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def altered(old: str, new: str) -> str:
    """Return the good file with one thing changed."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)
