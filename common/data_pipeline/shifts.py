"""Whether the times of one series are late against another's, and by how many bars."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats, Times
from common.domain.errors import Extra
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

_HOUR: Final = 3_600
# Labels by close instead of open shift by a bar; local times shift by up to fourteen hours.
_MAX_BARS: Final = 3
_MAX_HOURS: Final = 14
_MIN_CORRELATION: Final = 0.5
_MIN_GAIN: Final = 0.2
# The best of some thirty tried lags must not be the best by chance.
_MIN_SIGMAS: Final = 5.0
# Returns; a window is two blocks. In so few one jump can make half a correlation.
_BLOCK: Final = 32
_MIN_WINDOW_CORRELATION: Final = 0.9
_N_SUMS: Final = 6
MAX_SHIFTS: Final = 100


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch in which one series is late.

    Parameters
    ----------
    start_ns, end_ns
        Open time of the first and of the last bar.
    bars
        How many bars the second series' times are later than the first's; negative if
        earlier.
    correlation
        Of the log returns, when the shift is undone.
    """

    start_ns: int
    end_ns: int
    bars: int
    correlation: float

    def describe(self) -> dict[str, Extra]:
        """Return the shift as JSON values."""
        return {
            "start": format_utc(self.start_ns),
            "end": format_utc(self.end_ns),
            "bars": self.bars,
            "correlation": self.correlation,
        }


class ShiftFinder:
    """Correlates the log returns of two series at several lags, piece by piece.

    Notes
    -----
    At lag k the first series' return at t meets the second's at t + k. A shift is a lag
    other than 0 with a correlation of at least 0.5, at least 5 / √n for n pairs, and at
    least 0.2 more than at lag 0. It is looked for in the whole, in windows of 64 returns
    that overlap by half, where the correlation must be at least 0.9, and in whole pieces.
    Pairs across the ends of a piece are left out.
    """

    def __init__(self, timeframe: Timeframe) -> None:
        self._step_ns = timeframe.nanoseconds
        self._lags = _lags(timeframe)
        self._sums = np.zeros((len(self._lags), _N_SUMS))
        self._range: tuple[int, int] | None = None
        self._stretches: list[_Stretch] = []

    def add(self, a: Bars, b: Bars) -> None:
        """Take in a piece that covers the same time in both."""
        if not (len(a) and len(b)):
            return
        start_ns = int(min(a.open_ns[0], b.open_ns[0]))
        end_ns = int(max(a.open_ns[-1], b.open_ns[-1]))
        self._range = (start_ns if self._range is None else self._range[0], end_ns)
        (times, returns), other = self._returns(a), self._returns(b)
        if not (len(times) and len(other[0])):
            return
        blocks = np.stack([self._meet((times, returns), other, lag) for lag in self._lags])
        sums = blocks.sum(axis=1)
        self._sums += sums
        for stretch in self._in_windows(times, blocks) or self._in_piece(start_ns, end_ns, sums):
            self._append(stretch)

    def shifts(self) -> tuple[Shift, ...]:
        """Return one shift if it holds throughout, else those of single stretches."""
        stretches = self._stretches
        if self._range is not None and (found := self._in_piece(*self._range, self._sums)):
            stretches = found
        return tuple(
            Shift(one.start_ns, one.end_ns, one.bars, float(_correlations(one.sums)))
            for one in stretches
        )

    def _returns(self, bars: Bars) -> tuple[Times, Floats]:
        follows = np.diff(bars.open_ns) == self._step_ns
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = np.log(bars.close[1:] / bars.close[:-1])
        good = follows & np.isfinite(returns)
        return bars.open_ns[1:][good], returns[good]

    def _meet(self, a: tuple[Times, Floats], b: tuple[Times, Floats], lag: int) -> Floats:
        """Return the sums that a correlation is made of, shape (n_blocks, 6)."""
        wanted = a[0] + lag * self._step_ns
        places = np.minimum(np.searchsorted(b[0], wanted), len(b[0]) - 1)
        met = (b[0][places] == wanted).astype(np.float64)
        x, y = a[1] * met, b[1][places] * met
        products = np.stack([met, x, y, x * x, y * y, x * y], axis=1)
        sums: Floats = np.add.reduceat(products, np.arange(0, len(x), _BLOCK))
        return sums

    def _in_windows(self, times: Times, blocks: Floats) -> list["_Stretch"]:
        windows = blocks[:, :-1] + blocks[:, 1:]
        if not windows.size:
            return []
        lags = self._best(windows, _MIN_WINDOW_CORRELATION)
        found = []
        for run in np.split(np.arange(len(lags)), np.flatnonzero(np.diff(lags)) + 1):
            if lag := self._lags[lags[run[0]]]:
                inside = slice(run[0], run[-1] + 2)
                last = min(len(times), inside.stop * _BLOCK) - 1
                sums = blocks[lags[run[0]], inside].sum(axis=0)
                start_ns = int(times[inside.start * _BLOCK])
                found.append(_Stretch(start_ns, int(times[last]), lag, sums))
        return found

    def _in_piece(self, start_ns: int, end_ns: int, sums: Floats) -> list["_Stretch"]:
        (best,) = self._best(sums[:, None], _MIN_CORRELATION)
        lag = self._lags[best]
        return [_Stretch(start_ns, end_ns, lag, sums[best])] if lag else []

    def _best(self, sums: Floats, least: float) -> NDArray[np.intp]:
        """Return which lag each window is shifted by, that of 0 where it is not."""
        correlations = _correlations(sums)
        unshifted = self._lags.index(0)
        best = np.argmax(correlations, axis=0)
        windows = np.arange(sums.shape[1])
        pairs = np.maximum(sums[best, windows, 0], 1.0)
        needed = np.maximum(_MIN_SIGMAS / np.sqrt(pairs), correlations[unshifted] + _MIN_GAIN)
        is_found = correlations[best, windows] >= np.maximum(needed, least)
        return np.where(is_found, best, unshifted)

    def _append(self, stretch: "_Stretch") -> None:
        last = self._stretches[-1] if self._stretches else None
        near_ns = 2 * _BLOCK * self._step_ns
        if last and last.bars == stretch.bars and stretch.start_ns - last.end_ns <= near_ns:
            sums = last.sums + stretch.sums
            self._stretches[-1] = _Stretch(last.start_ns, stretch.end_ns, last.bars, sums)
        elif len(self._stretches) < MAX_SHIFTS:
            self._stretches.append(stretch)


@dataclass(frozen=True, slots=True)
class _Stretch:
    start_ns: int
    end_ns: int
    bars: int
    sums: Floats


def _lags(timeframe: Timeframe) -> list[int]:
    hours = (hour * _HOUR for hour in range(1, _MAX_HOURS + 1))
    by_zone = {span // timeframe.seconds for span in hours if span % timeframe.seconds == 0}
    positive = sorted({*range(1, _MAX_BARS + 1), *by_zone})
    return [*(-lag for lag in reversed(positive)), 0, *positive]


def _correlations(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    n = np.maximum(n, 1.0)
    spread = np.sqrt(np.maximum((xx - x * x / n) * (yy - y * y / n), 0.0))
    together = xy - x * y / n
    correlations: Floats = np.divide(together, spread, out=np.zeros_like(spread), where=spread > 0)
    return correlations
