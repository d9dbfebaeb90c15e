"""Markets that could have been: bars drawn anew in blocks, each as a whole."""

from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidInput
from research.validation.block_length import block_length
from research.validation.exceptions import TooFewPeriods
from research.validation.resampling import Scheme, resampled_rows

_NEEDED: Final = 3


def resampled_bars(
    bars: Bars,
    *,
    rng: np.random.Generator,
    block: float | None = None,
    scheme: Scheme = Scheme.STATIONARY,
) -> Bars:
    """Return bars on the same times whose moves are drawn in blocks from those given.

    Parameters
    ----------
    bars
        At least three, all prices positive.
    rng
        Draws the blocks; equal seeds give equal bars.
    block
        Length of blocks in bars; `block_length` of the close to close log returns if not given
        (at least 17 bars are then needed).
    scheme
        How blocks are drawn.

    Returns
    -------
    Bars
        The first bar is that of `bars`. Each later one has the shape of some bar of `bars`:
        its open from the close before, its high, low and close from its open, and its volume.

    Raises
    ------
    TooFewPeriods
        If there are too few bars.
    InvalidInput
        If a price is not positive and finite.
    InvalidArgument
        If the block is out of range.

    Notes
    -----
    Moves are logarithms, so prices stay positive, and a bar that was consistent
    (low <= open, close <= high) still is. Within a block the bars follow as they did; what is
    lost is anything longer than a block, above all a trend. Over a missing bar the move is that
    of the gap.

    Examples
    --------
    A market that doubles with every bar doubles in any order:

    >>> from common.domain.timeframe import Timeframe
    >>> price = 2.0 ** np.arange(4)
    >>> bars = Bars(Timeframe.H1, np.arange(4), *(price.copy() for _ in range(5)))
    >>> resampled_bars(bars, rng=np.random.default_rng(1), block=2).close.round(9).tolist()
    [1.0, 2.0, 4.0, 8.0]
    """
    logs = _log_prices(bars)
    previous = logs["close"][:-1]
    gap = logs["open"][1:] - previous
    if block is None:
        block = block_length(np.diff(logs["close"]), scheme=scheme)
    rows = resampled_rows(len(gap), block=block, rng=rng, scheme=scheme)
    body, above, below = (
        (logs[name] - logs["open"])[1:][rows] for name in ("close", "high", "low")
    )
    closes = logs["close"][0] + np.cumsum(gap[rows] + body)
    opens = np.concatenate([logs["close"][:1], closes[:-1]]) + gap[rows]

    open_, close = (
        _after(bars_of, moved) for bars_of, moved in ((bars.open, opens), (bars.close, closes))
    )
    # exp and log round: a close that was the high must not come to lie above it.
    high = np.maximum(_after(bars.high, opens + above), np.maximum(open_, close))
    low = np.minimum(_after(bars.low, opens + below), np.minimum(open_, close))
    volume = np.concatenate([bars.volume[:1], bars.volume[1:][rows]])
    return Bars(bars.timeframe, bars.open_ns, open_, high, low, close, volume)


def _after(original: Floats, moved: Floats) -> Floats:
    return np.concatenate([original[:1], np.exp(moved)])


def _log_prices(bars: Bars) -> dict[str, Floats]:
    if len(bars) < _NEEDED:
        raise TooFewPeriods(f"the number of bars is {len(bars)}, at least {_NEEDED} needed")
    prices: dict[str, Floats] = {
        "open": bars.open,
        "high": bars.high,
        "low": bars.low,
        "close": bars.close,
    }
    for name, price in prices.items():
        wrong = ~(np.isfinite(price) & (price > 0.0))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InvalidInput(f"{name} at row {row} is {price[row]}, must be positive", row=row)
    return {name: np.log(price) for name, price in prices.items()}
