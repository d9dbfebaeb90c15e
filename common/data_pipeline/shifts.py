"""Whether the times of one series are late against another's, and by how many bars."""

from dataclasses import dataclass
from typing import Final

import numpy as np

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
    least 0.2 more than at lag 0. Pairs across the ends of a piece are left out.
    """

    def __init__(self, timeframe: Timeframe) -> None:
        self._step_ns = timeframe.nanoseconds
        self._lags = _lags(timeframe)
        self._sums = np.zeros((len(self._lags), 6))
        self._range: tuple[int, int] | None = None
        self._pieces: list[Shift] = []

    def add(self, a: Bars, b: Bars) -> None:
        """Take in a piece that covers the same time in both."""
        if not (len(a) and len(b)):
            return
        start_ns = int(min(a.open_ns[0], b.open_ns[0]))
        end_ns = int(max(a.open_ns[-1], b.open_ns[-1]))
        self._range = (start_ns if self._range is None else self._range[0], end_ns)
        returns_a, returns_b = self._returns(a), self._returns(b)
        sums = np.array([self._meet(returns_a, returns_b, lag) for lag in self._lags])
        self._sums += sums
        found = self._best(sums)
        if found is None:
            return
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last.bars == found[0]:
            start_ns = self._pieces.pop().start_ns
        self._pieces.append(Shift(start_ns, end_ns, *found))

    def shifts(self) -> tuple[Shift, ...]:
        """Return one shift if it holds throughout, else those of single pieces."""
        found = self._best(self._sums)
        if found is not None and self._range is not None:
            return (Shift(*self._range, *found),)
        return tuple(self._pieces)

    def _returns(self, bars: Bars) -> tuple[Times, Floats]:
        follows = np.diff(bars.open_ns) == self._step_ns
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = np.log(bars.close[1:] / bars.close[:-1])
        good = follows & np.isfinite(returns)
        return bars.open_ns[1:][good], returns[good]

    def _meet(self, a: tuple[Times, Floats], b: tuple[Times, Floats], lag: int) -> Floats:
        wanted = a[0] + lag * self._step_ns
        places = np.searchsorted(b[0], wanted)
        places[places == len(b[0])] = 0
        met = b[0][places] == wanted if len(b[0]) else np.zeros(len(wanted), np.bool_)
        x, y = a[1][met], b[1][places[met]]
        return np.array([len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y])

    def _best(self, sums: Floats) -> tuple[int, float] | None:
        correlations = _correlations(sums)
        best = int(np.argmax(correlations))
        reached, pairs = float(correlations[best]), sums[best, 0]
        needed = max(
            _MIN_CORRELATION,
            _MIN_SIGMAS / np.sqrt(max(pairs, 1.0)),
            float(correlations[self._lags.index(0)]) + _MIN_GAIN,
        )
        return (self._lags[best], reached) if reached >= needed else None


def _lags(timeframe: Timeframe) -> list[int]:
    hours = (hour * _HOUR for hour in range(1, _MAX_HOURS + 1))
    by_zone = {span // timeframe.seconds for span in hours if span % timeframe.seconds == 0}
    positive = sorted({*range(1, _MAX_BARS + 1), *by_zone})
    return [*(-lag for lag in reversed(positive)), 0, *positive]


def _correlations(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums.T
    n = np.maximum(n, 1.0)
    spread = np.sqrt(np.maximum((xx - x * x / n) * (yy - y * y / n), 0.0))
    together = xy - x * y / n
    correlations: Floats = np.divide(together, spread, out=np.zeros_like(spread), where=spread > 0)
    return correlations
