"""A progress bar on a terminal, for work that says what fraction of it is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from research.engines.base import Progress


@contextmanager
def progress_bar(unit: str, *, total: int) -> Iterator[Progress]:
    """Give a function that takes the fraction done; nothing is shown off a terminal."""
    with tqdm(total=total, unit=f" {unit}", disable=None) as bar:

        def show(done: float) -> None:
            bar.update(round(done * total) - bar.n)

        yield show
