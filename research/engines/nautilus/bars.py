"""Stored bars as NautilusTrader's data, in pieces that bound the memory."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from nautilus_trader.model.data import Bar, QuoteTick
from numpy.typing import NDArray

from common.domain.bars import Bars, Floats
from research.engines.nautilus.inputs import MOST_QUANTITY, slipped
from research.engines.nautilus.venue import Traded

_PIECE: Final = 8_192  # bars


def iter_pieces(
    bars: Bars, traded: Traded, *, slippage: float, with_range: bool
) -> Iterator[list[Any]]:
    """Return the bars in time order, each with the quotes at its open before it.

    Parameters
    ----------
    slippage
        Half the spread of every quote, a fraction of the price.
    with_range
        Follow the quote at the open by two of the bar's range: what is worst for either
        side, bid at the low and ask at the high, then what is best, bid at the high and
        ask at the low.

    Notes
    -----
    A bar has the time of its close, its quotes that of its open. Where one bar ends when
    the next begins, the closed bar comes first.
    """
    for start in range(0, len(bars), _PIECE):
        piece = bars.rows(start, min(start + _PIECE, len(bars)))
        times = piece.open_ns.astype(np.uint64)
        prices = [(piece.open, piece.open)]
        if with_range:
            prices += [(piece.low, piece.high), (piece.high, piece.low)]
        streams = [
            _quotes(
                slipped(bid, slippage)[0], slipped(ask, slippage)[1], times=times, traded=traded
            )
            for bid, ask in prices
        ]
        streams.append(closed_bars(piece, traded))
        data: list[Any] = [None] * (len(piece) * len(streams))
        for place, stream in enumerate(streams):
            data[place :: len(streams)] = stream
        yield data


def _quotes(bid: Floats, ask: Floats, *, times: NDArray[np.uint64], traded: Traded) -> list[Any]:
    # More than any order, so that none fills in pieces.
    size = np.full(len(bid), float(MOST_QUANTITY))
    quotes: list[Any] = QuoteTick.from_raw_arrays_to_list(
        traded.id, traded.scale.price, traded.scale.size, bid, ask, size, size, times, times
    )
    return quotes


def iter_closed_bars(bars: Bars, traded: Traded) -> Iterator[list[Any]]:
    """Return the bars alone, a nanosecond before their close: what they make belongs to them."""
    for start in range(0, len(bars), _PIECE):
        yield closed_bars(
            bars.rows(start, min(start + _PIECE, len(bars))), traded, before_close_ns=1
        )


def closed_bars(bars: Bars, traded: Traded, *, before_close_ns: int = 0) -> list[Any]:
    """Return bars at the times of their closes, or so much before."""
    times = (bars.open_ns + (bars.timeframe.nanoseconds - before_close_ns)).astype(np.uint64)
    closed: list[Any] = Bar.from_raw_arrays_to_list(
        traded.bar_type,
        traded.scale.price,
        traded.scale.size,
        # Copies: it wants arrays that it could write to.
        bars.open.copy(),
        bars.high.copy(),
        bars.low.copy(),
        bars.close.copy(),
        np.minimum(bars.volume, float(MOST_QUANTITY)),
        times,
        times,
    )
    return closed
