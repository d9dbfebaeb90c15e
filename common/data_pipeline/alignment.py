"""Two series side by side, in pieces that cover the same time."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import PRICE_COLUMNS, Bars


def align(a_parts: Iterable[Bars], b_parts: Iterable[Bars]) -> Iterator[tuple[Bars, Bars]]:
    """Yield pieces of two series that end at the same time, within their common range.

    Parameters
    ----------
    a_parts, b_parts
        All bars of each series, oldest first, in parts of any size; at most two parts of
        each are held.

    Notes
    -----
    The common range goes from the later first bar to the earlier last bar. A piece of one
    series may be empty where it has a hole.
    """
    a, b = _Feed(a_parts), _Feed(b_parts)
    if not (a.fill() and b.fill()):
        return
    start_ns = max(a.first_ns, b.first_ns)
    if not (a.skip_to(start_ns) and b.skip_to(start_ns)):
        return
    while a.fill() and b.fill():
        end_ns = min(a.last_ns, b.last_ns)
        yield a.take(end_ns), b.take(end_ns)


class _Feed:
    """Parts of a series, of which one can take as much as wanted."""

    def __init__(self, parts: Iterable[Bars]) -> None:
        self._parts = iter(parts)
        self._held: Bars | None = None

    @property
    def _bars(self) -> Bars:
        if self._held is None:
            raise LookupError("nothing was filled in")
        return self._held

    @property
    def first_ns(self) -> int:
        return int(self._bars.open_ns[0])

    @property
    def last_ns(self) -> int:
        return int(self._bars.open_ns[-1])

    def fill(self) -> bool:
        """Hold at least one bar; false at the end."""
        while self._held is None or not len(self._held):
            part = next(self._parts, None)
            if part is None:
                return False
            self._held = part
        return True

    def take(self, end_ns: int) -> Bars:
        """Give away the bars up to and with the one that opens at `end_ns`."""
        cut = int(np.searchsorted(self._bars.open_ns, end_ns, side="right"))
        taken = self._bars.rows(0, cut)
        self._held = self._bars.rows(cut, len(self._bars))
        return taken

    def skip_to(self, start_ns: int) -> bool:
        """Drop the bars before a time; false if there are no others."""
        while self.fill():
            self.take(start_ns - 1)
            if len(self._bars):
                return True
        return False


def matching(a: Bars, b: Bars) -> tuple[Bars, Bars, Bars, Bars]:
    """Return the bars of a and of b at common times, then those only a has, only b has."""
    common = np.isin(a.open_ns, b.open_ns, assume_unique=True)
    shared = np.isin(b.open_ns, a.open_ns, assume_unique=True)
    return _pick(a, common), _pick(b, shared), _pick(a, ~common), _pick(b, ~shared)


def _pick(bars: Bars, flags: NDArray[np.bool_]) -> Bars:
    columns = [getattr(bars, name)[flags] for name in PRICE_COLUMNS]
    return Bars(bars.timeframe, bars.open_ns[flags], *columns)
