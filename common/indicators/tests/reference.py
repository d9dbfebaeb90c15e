"""The published formulas once more, one bar at a time and without TA-Lib."""

from collections.abc import Callable, Iterator

import numpy as np

from common.domain.bars import Floats


def windows(values: Floats, period: int) -> Iterator[tuple[int, Floats]]:
    """Give each full window with its last row."""
    for row in range(period - 1, len(values)):
        yield row, values[row - period + 1 : row + 1]


def of_windows(statistic: Callable[[Floats], float], values: Floats, period: int) -> Floats:
    out = np.full(len(values), np.nan)
    for row, window in windows(values, period):
        out[row] = statistic(window)
    return out


def smoothed(values: Floats, period: int, weight: float) -> Floats:
    """Recursive mean seeded by the mean of the first `period` values that are not NaN."""
    out = np.full(len(values), np.nan)
    first = int(np.argmax(~np.isnan(values)))
    seed = first + period - 1
    out[seed] = sum(values[first : seed + 1]) / period
    for row in range(seed + 1, len(values)):
        out[row] = out[row - 1] + weight * (values[row] - out[row - 1])
    return out


def ema(values: Floats, period: int) -> Floats:
    return smoothed(values, period, 2 / (period + 1))


def wilder(values: Floats, period: int) -> Floats:
    return smoothed(values, period, 1 / period)


def weighted(values: Floats, period: int) -> Floats:
    weights = range(1, period + 1)
    total = sum(weights)
    return of_windows(
        lambda window: sum(w * v for w, v in zip(weights, window, strict=True)) / total,
        values,
        period,
    )


def changes(close: Floats) -> Floats:
    """Differences, NaN in the first row."""
    return np.concatenate([[np.nan], np.diff(close)])


def rsi(close: Floats, period: int) -> Floats:
    change = changes(close)
    gain = wilder(np.maximum(change, 0), period)
    loss = wilder(np.maximum(-change, 0), period)
    return 100 - 100 / (1 + gain / loss)


def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    out = np.full(len(close), np.nan)
    for row in range(1, len(close)):
        out[row] = max(
            high[row] - low[row],
            abs(high[row] - close[row - 1]),
            abs(low[row] - close[row - 1]),
        )
    return out


def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    return wilder(true_range(high, low, close), period)


def directional(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """DI+ and DI-, from Wilder's sums, which begin with period - 1 movements."""
    ranges = true_range(high, low, close)
    plus, minus = np.zeros(len(close)), np.zeros(len(close))
    for row in range(1, len(close)):
        up, down = high[row] - high[row - 1], low[row - 1] - low[row]
        plus[row] = up if up > max(down, 0) else 0
        minus[row] = down if down > max(up, 0) else 0
    sums = [sum(series[1:period]) for series in (ranges, plus, minus)]
    out = np.full((2, len(close)), np.nan)
    for row in range(period, len(close)):
        sums = [
            total - total / period + series[row]
            for total, series in zip(sums, (ranges, plus, minus), strict=True)
        ]
        out[:, row] = 100 * sums[1] / sums[0], 100 * sums[2] / sums[0]
    return out


def adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    plus, minus = directional(high, low, close, period)
    return wilder(100 * np.abs(plus - minus) / (plus + minus), period)
