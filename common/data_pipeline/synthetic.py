"""The synthetic venue: seeded bars that say nothing about any market."""

import hashlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.time import format_utc
from common.domain.timeframe import Timeframe

SYNTH_VENUE: Final = "SYNTH"
_YEARLY_VOLATILITY: Final = 0.6
_FIRST_PRICE: Final = 10_000.0
_TICK: Final = 0.01
_BLOCK: Final = 4_096
# Bars that share a volatility multiplier, and its bounds; the four multipliers are multiplied.
_CASCADE: Final = (4_096, 512, 64, 8)
_CALM, _BUSY = 0.6, 1.4
# The sum of twelve uniform numbers has variance 1.
_UNIFORMS: Final = 12
# No bar may lose everything, not even a week in the busiest of times.
_MAX_RETURN: Final = 0.5
_UNIFORM_BITS: Final = 53
_MARTINGALE_PRICE: Final = 100.0
_MARTINGALE_START_NS: Final = 1_577_836_800_000_000_000


class NotSynthetic(InvalidArgument):
    """Synthetic data for a real venue, or real data for the synthetic one."""

    code = "not_synthetic"


def is_synthetic(instrument: InstrumentId) -> bool:
    """Tell whether an instrument is of the synthetic venue, where nothing can be traded."""
    return instrument.venue == SYNTH_VENUE


def check_source(instrument: InstrumentId, *, is_generated: bool) -> None:
    """Refuse generated data under a real venue's name, and real data under the synthetic one.

    Raises
    ------
    NotSynthetic
        If the venue and the origin of the data do not go together.
    """
    if is_synthetic(instrument) is not is_generated:
        origin = "generated" if is_generated else "recorded"
        raise NotSynthetic(
            f"{origin} data cannot be stored as {instrument}: the venue of generated data, and"
            f" of nothing else, is {SYNTH_VENUE}",
            instrument=str(instrument),
        )


def generate_bars(
    instrument: InstrumentId, timeframe: Timeframe, *, start_ns: int, n_bars: int, seed: int
) -> Iterator[Bars]:
    """Yield synthetic bars, oldest first, in parts of at most 4,096.

    Parameters
    ----------
    instrument
        An instrument of the synthetic venue.
    start_ns
        Open time of the first bar, on the grid.
    n_bars
        How many, >= 0. A longer series begins with the shorter one.
    seed
        Equal arguments give equal bars, to the bit, on every machine.

    Raises
    ------
    NotSynthetic
        If the instrument is of a real venue.
    InvalidArgument
        If the start is off the grid or the count negative.

    Notes
    -----
    The price follows p' = p · (1 + s·z + s²/2), z the sum of twelve uniform numbers less 6, so
    that the logarithm has no drift. s is 0.6 a year, times four multipliers that change
    every 4,096, 512, 64 and 8 bars: volatility comes in clusters, as in the multifractal
    model of Calvet and Fisher. The open leaves the last close by a tenth of s. Prices are
    rounded to 0.01.

    Only the bits of the generator and elementwise arithmetic and square roots are used: these, unlike exp
    and the normal distribution, are the same on every machine and in every release of NumPy.

    References
    ----------
    L. Calvet, A. Fisher, "How to Forecast Long-Run Volatility: Regime Switching and the
    Estimation of Multifractal Processes", Journal of Financial Econometrics 2 (2004).
    """
    check_source(instrument, is_generated=True)
    if int(timeframe.floor(np.array([start_ns]))[0]) != start_ns:
        raise InvalidArgument(f"{format_utc(start_ns)} is not on the {timeframe} grid")
    if n_bars < 0:
        raise InvalidArgument(f"{n_bars} bars, must be at least 0")
    key = _key(f"{instrument.symbol}|{timeframe}|{start_ns}|{seed}")
    base_sigma = _YEARLY_VOLATILITY / np.sqrt(timeframe.periods_per_year)
    last_close = _FIRST_PRICE
    for block in range(-(-n_bars // _BLOCK)):
        columns, last_close = _block(_Uniforms(key, block), base_sigma, last_close)
        count = min(_BLOCK, n_bars - block * _BLOCK)
        places = np.arange(block * _BLOCK, block * _BLOCK + count, dtype=np.int64)
        open_ns = start_ns + places * timeframe.nanoseconds
        yield Bars(timeframe, open_ns, *(column[:count].copy() for column in columns))


def martingale(
    seed: int, n_bars: int, sigma: float, *, timeframe: Timeframe = Timeframe.H1
) -> Bars:
    """Return bars whose price is a martingale: no strategy can win or lose on it but by costs.

    Parameters
    ----------
    seed
        Equal seeds give equal bars on one machine.
    n_bars
        How many, from 2020-01-01.
    sigma
        Standard deviation of a bar's log return.

    Notes
    -----
    Log returns are N(-sigma²/2, sigma²), so that E[close' / close] = 1. Each bar opens at the last
    close; high and low are the larger and the smaller of open and close; volume is 1.
    """
    returns = np.random.Generator(np.random.PCG64(seed)).normal(-sigma * sigma / 2, sigma, n_bars)
    path = _MARTINGALE_PRICE * np.exp(np.concatenate([[0.0], np.cumsum(returns)]))
    opens, closes = path[:-1], path[1:]
    start_ns = int(timeframe.floor(np.array([_MARTINGALE_START_NS]))[0])
    return Bars(
        timeframe,
        start_ns + np.arange(n_bars, dtype=np.int64) * timeframe.nanoseconds,
        opens.copy(),
        np.maximum(opens, closes),
        np.minimum(opens, closes),
        closes.copy(),
        np.ones(n_bars),
    )


class _Uniforms:
    """Uniform numbers of one block, the same in every release of NumPy."""

    def __init__(self, key: int, block: int) -> None:
        # Blocks lie 2**128 draws apart in the generator's sequence.
        self._bits = np.random.Philox(key=key, counter=block << 128)

    def draw(self, count: int) -> Floats:
        """Return numbers in [0, 1), shape (count,)."""
        raw = self._bits.random_raw(count) >> np.uint64(64 - _UNIFORM_BITS)
        return raw.astype(np.float64) * 2.0**-_UNIFORM_BITS

    def bell(self, count: int) -> Floats:
        """Return numbers of mean 0 and variance 1 in [-6, 6], shape (count,)."""
        total = self.draw(count)
        for _ in range(_UNIFORMS - 1):
            total += self.draw(count)
        return total - _UNIFORMS / 2


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def _block(
    uniforms: _Uniforms, base_sigma: float, last_close: float
) -> tuple[list[Floats], float]:
    heat = np.ones(_BLOCK)
    for length in _CASCADE:
        multipliers = _CALM + (_BUSY - _CALM) * uniforms.draw(_BLOCK // length)
        heat *= np.repeat(multipliers, length)
    sigma = base_sigma * heat
    gap = 1.0 + _bounded(0.1 * sigma * uniforms.bell(_BLOCK))
    move = 1.0 + _bounded(sigma * uniforms.bell(_BLOCK) + sigma * sigma / 2)
    closes = last_close * np.multiply.accumulate(gap * move)
    opens = closes / move
    highs = np.maximum(opens, closes) * (1.0 + sigma * uniforms.draw(_BLOCK))
    lows = np.minimum(opens, closes) * (1.0 - _bounded(sigma * uniforms.draw(_BLOCK)))
    volumes = _round(100.0 * heat * (0.2 + uniforms.draw(_BLOCK)), 1e-4)
    prices = [_round(column, _TICK) for column in (opens, highs, lows, closes)]
    return [*prices, volumes], float(closes[-1])


def _bounded(returns: Floats) -> Floats:
    return np.clip(returns, -_MAX_RETURN, _MAX_RETURN)


def _round(values: Floats, unit: float) -> Floats:
    steps = 1 / unit
    rounded: Floats = np.maximum(np.rint(values * steps), 1.0) / steps
    return rounded
