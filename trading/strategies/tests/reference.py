"""The library once more, bar by bar in plain Python: slow, and written from the definitions.

Nothing here is shared with the strategies or the indicators: windows are compared in exact
arithmetic, recursions follow Wilder's and TA-Lib's published formulas.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import fsum, log, nan, sqrt

from common.domain.bars import Bars
from trading.strategies.parameters import Params

type Column = list[float]


def whole(prices: Column) -> list[int]:
    """Return prices as whole numbers of 1e-10, so that sums and comparisons are exact."""
    return [round(price * 10**10) for price in prices]


def ema(close: Column, period: int) -> Column:
    out = [nan] * len(close)
    if len(close) < period:
        return out
    value = fsum(close[:period]) / period
    out[period - 1] = value
    for t in range(period, len(close)):
        value += 2.0 / (period + 1) * (close[t] - value)
        out[t] = value
    return out


def rsi(close: Column, period: int) -> Column:
    out = [nan] * len(close)
    if len(close) <= period:
        return out
    moves = [b - a for a, b in pairwise(close)]
    gain = fsum(max(move, 0.0) for move in moves[:period]) / period
    loss = fsum(max(-move, 0.0) for move in moves[:period]) / period
    for t in range(period, len(close)):
        if t > period:
            gain += (max(moves[t - 1], 0.0) - gain) / period
            loss += (max(-moves[t - 1], 0.0) - loss) / period
        out[t] = 100.0 * gain / (gain + loss) if gain + loss else 0.0
    return out


def _directional_moves(bars: Bars) -> list[tuple[float, float, float]]:
    high, low, close = bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    moves = []
    for t in range(1, len(close)):
        up, down = high[t] - high[t - 1], low[t - 1] - low[t]
        true_range = max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1]))
        moves.append((
            up if up > down and up > 0 else 0.0,
            down if down > up and down > 0 else 0.0,
            true_range,
        ))
    return moves


def adx(bars: Bars, period: int) -> Column:
    # The first sums run over period - 1 moves; each later one is added as the sum decays.
    moves = _directional_moves(bars)
    out = [nan] * len(bars)
    if len(bars) < 2 * period:
        return out
    plus, minus, true_range = (fsum(column) for column in zip(*moves[: period - 1], strict=True))
    index, value = [], 0.0
    for t in range(period, len(bars)):
        plus += moves[t - 1][0] - plus / period
        minus += moves[t - 1][1] - minus / period
        true_range += moves[t - 1][2] - true_range / period
        if true_range and plus + minus:
            index.append(100.0 * abs(plus - minus) / (plus + minus))
        else:
            index.append(index[-1] if index else 0.0)
        if t == 2 * period - 1:
            value = fsum(index) / period
        elif t >= 2 * period:
            value += (index[-1] - value) / period
        if t >= 2 * period - 1:
            out[t] = value
    return out


def hold(count: int, first: int, rules: Callable[[int], tuple[bool, bool]]) -> Column:
    """Walk from the first warm bar with one flag: in or out."""
    out, inside = [nan] * count, False
    for t in range(first, count):
        enters, leaves = rules(t)
        if inside and leaves:
            inside = False
        elif not inside and enters:
            inside = True
        out[t] = float(inside)
    return out


def buy_and_hold(bars: Bars, params: Params) -> Column:
    return [1.0 for _ in range(len(bars))]


def sma_cross(bars: Bars, params: Params) -> Column:
    close = whole(bars.close.tolist())
    fast, slow = int(params["fast"]), int(params["slow"])
    below = -1.0 if params["allow_short"] else 0.0
    out = [nan] * len(close)
    for t in range(slow - 1, len(close)):
        rises = slow * sum(close[t + 1 - fast : t + 1]) > fast * sum(close[t + 1 - slow : t + 1])
        out[t] = 1.0 if rises else below
    return out


def ema_adx(bars: Bars, params: Params) -> Column:
    close = bars.close.tolist()
    fast, slow = ema(close, int(params["fast"])), ema(close, int(params["slow"]))
    period, least = int(params["adx_period"]), float(params["adx_min"])
    strength = adx(bars, period)
    first = max(int(params["slow"]) - 1, 2 * period - 1)
    return hold(
        len(close),
        first,
        lambda t: (fast[t] > slow[t] and strength[t] >= least, fast[t] < slow[t]),
    )


def rsi_reversion(bars: Bars, params: Params) -> Column:
    strength = rsi(bars.close.tolist(), int(params["period"]))
    low, leave = float(params["low"]), float(params["exit"])
    return hold(
        len(bars), int(params["period"]), lambda t: (strength[t] < low, strength[t] > leave)
    )


def bollinger_reversion(bars: Bars, params: Params) -> Column:
    # close < mean - width * deviation, times n and squared, has whole numbers on both sides
    # but for the width, which is a fraction.
    close, n = whole(bars.close.tolist()), int(params["period"])
    width = Fraction(str(params["width"]))

    def rules(t: int) -> tuple[bool, bool]:
        window = close[t + 1 - n : t + 1]
        total = sum(window)
        n_squared_variance = n * sum(price * price for price in window) - total * total
        depth = total - n * close[t]
        below = depth > 0 and depth * depth > width * width * n_squared_variance
        return below, depth < 0

    return hold(len(close), n - 1, rules)


def donchian_breakout(bars: Bars, params: Params) -> Column:
    high, low, close = bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    entry, leave = int(params["entry"]), int(params["exit"])
    return hold(
        len(close),
        max(entry, leave),
        lambda t: (close[t] > max(high[t - entry : t]), close[t] < min(low[t - leave : t])),
    )


def _deviation(values: Sequence[float]) -> float:
    mean = fsum(values) / len(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def vol_target_momentum(bars: Bars, params: Params) -> Column:
    close, hours = bars.close.tolist(), bars.open_ns.tolist()
    lookback, window = int(params["lookback"]), int(params["vol_window"])
    year = 365 * 86_400 * 10**9 / bars.timeframe.nanoseconds
    out = [nan] * len(close)
    for t in range(max(lookback, window), len(close)):
        if hours[t] // bars.timeframe.nanoseconds % int(params["every"]):
            continue
        returns = [log(close[i] / close[i - 1]) for i in range(t + 1 - window, t + 1)]
        volatility = _deviation(returns) * sqrt(year)
        change = close[t] / close[t - lookback] - 1.0
        if volatility == 0.0 or change == 0.0 or (change < 0.0 and not params["allow_short"]):
            out[t] = 0.0
        else:
            size = min(1.0, float(params["target_vol"]) / volatility)
            out[t] = size if change > 0.0 else -size
    return out
