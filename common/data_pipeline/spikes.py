"""Price jumps that stand out from a series' own returns."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats, Times
from common.domain.timeframe import Timeframe

SIGMAS: Final = 10.0
MIN_LOG_RETURN: Final = 0.05
# Standard deviation of a normal variable over its median absolute deviation.
_MAD_TO_SIGMA: Final = 1.4826
_SMALLEST_EXPONENT: Final = -9
_DECADES: Final = 12
_BINS_PER_DECADE: Final = 2_000
_HALF: Final = _DECADES * _BINS_PER_DECADE


class SpikeFinder:
    """Collects log returns part by part and tells the jumps at the end.

    Notes
    -----
    A spike is a bar whose |log(close / previous close)| exceeds both 0.05 and ten robust
    sigmas, sigma = 1.4826 · median(|r - median(r)|) over all returns r of the series. Only
    returns between two bars that follow each other without a hole are counted.

    The medians come from a histogram with 2,000 bins a decade between 1e-9 and 1e3 on both
    sides of zero, so that they are good to 0.12 % however long the series is; smaller
    returns count as zero. Returns above 0.05 are kept one by one (16 bytes each).

    References
    ----------
    P. J. Rousseeuw, C. Croux, "Alternatives to the Median Absolute Deviation", Journal of
    the American Statistical Association 88 (1993), eq. 1.1 for the factor 1.4826.
    """

    def __init__(self, timeframe: Timeframe) -> None:
        self._step_ns = timeframe.nanoseconds
        self._last: tuple[int, float] | None = None
        self._counts = np.zeros(2 * _HALF + 1, np.int64)
        self._large: list[tuple[Times, Floats]] = []

    def add(self, bars: Bars) -> None:
        """Count the returns of the next bars, at least one, oldest first."""
        times, closes = bars.open_ns, bars.close
        if self._last is not None:
            times = np.concatenate([[self._last[0]], times])
            closes = np.concatenate([[self._last[1]], closes])
        self._last = int(times[-1]), float(closes[-1])
        good = (closes > 0) & (closes < np.inf)
        counted = (np.diff(times) == self._step_ns) & good[1:] & good[:-1]
        returns = np.log(closes[1:][counted] / closes[:-1][counted])
        self._counts += np.bincount(_bins(returns), minlength=len(self._counts))
        large = np.abs(returns) > MIN_LOG_RETURN
        if large.any():
            self._large.append((times[1:][counted][large], returns[large]))

    @property
    def sigma(self) -> float:
        """Robust standard deviation of the log returns so far; 0 if there are none."""
        if not self._counts.any():
            return 0.0
        middles = _middles()
        median = _median(middles, self._counts)
        return _MAD_TO_SIGMA * _median(np.abs(middles - median), self._counts)

    def spikes(self) -> tuple[Times, Floats]:
        """Return open times and log returns of the bars that are spikes, oldest first."""
        if not self._large:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        times = np.concatenate([times for times, _ in self._large])
        returns = np.concatenate([returns for _, returns in self._large])
        is_spike = np.abs(returns) > SIGMAS * self.sigma
        return times[is_spike], returns[is_spike]


def _bins(returns: Floats) -> NDArray[np.int64]:
    sizes = np.abs(returns)
    exponents = np.log10(np.maximum(sizes, 10.0**_SMALLEST_EXPONENT)) - _SMALLEST_EXPONENT
    places = np.minimum(1 + (exponents * _BINS_PER_DECADE).astype(np.int64), _HALF)
    places[sizes < 10.0**_SMALLEST_EXPONENT] = 0
    return _HALF + np.where(returns < 0, -places, places)


def _middles() -> Floats:
    exponents = (np.arange(_HALF) + 0.5) / _BINS_PER_DECADE + _SMALLEST_EXPONENT
    positive = 10.0**exponents
    return np.concatenate([-positive[::-1], [0.0], positive])


def _median(values: Floats, counts: NDArray[np.int64]) -> float:
    order = np.argsort(values, kind="stable")
    totals = np.cumsum(counts[order])
    low, high = np.searchsorted(totals, [(totals[-1] + 1) // 2, totals[-1] // 2 + 1])
    return float(values[order[low]] + values[order[high]]) / 2
