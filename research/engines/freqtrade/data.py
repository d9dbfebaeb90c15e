"""Bars and funding in the layout of Freqtrade's own files, written by its own writer."""

from pathlib import Path

import numpy as np
from freqtrade.data.history.datahandlers import get_datahandler
from freqtrade.enums import CandleType
from pandas import DataFrame, DatetimeIndex, to_datetime

from common.domain.bars import PRICE_COLUMNS, Bars, Times
from common.domain.funding import FundingRates

_SECOND = 1_000_000_000
# The one timeframe under which Freqtrade looks for rates and marks of every exchange.
_HOURLY = "1h"


def write_bars(folder: Path, pair: str, bars: Bars, *, futures: bool) -> None:
    """Write bars where Freqtrade looks for them."""
    columns = {name: getattr(bars, name) for name in PRICE_COLUMNS}
    get_datahandler(folder, "feather").ohlcv_store(
        pair=pair,
        timeframe=str(bars.timeframe),
        data=DataFrame({"date": _dates(bars.open_ns), **columns}),
        candle_type=CandleType.FUTURES if futures else CandleType.SPOT,
    )


def with_closing_bar(bars: Bars) -> Bars:
    """Return bars with one more that opens, stays and closes at the last close.

    Notes
    -----
    Freqtrade enters nothing on its last bar and closes there what is open.
    """
    last = bars.close[-1:]
    end_ns = bars.open_ns[-1:] + bars.timeframe.nanoseconds
    return bars.joined(Bars(bars.timeframe, end_ns, last, last, last, last, np.zeros(1)))


def write_funding(folder: Path, pair: str, rates: FundingRates) -> None:
    """Write funding rates, and the marks they were charged at.

    Notes
    -----
    Freqtrade cuts times to the second. Rates some milliseconds late would come to lie on
    the open of a bar, before its fills; they are put on the next second instead.
    """
    if not len(rates):
        return
    dates = _dates(-(-rates.ts_ns // _SECOND) * _SECOND)
    marks = dict.fromkeys(PRICE_COLUMNS[:-1], rates.mark)
    frames = {
        CandleType.FUNDING_RATE: DataFrame({"date": dates, "funding_rate": rates.rate}),
        CandleType.MARK: DataFrame({"date": dates, **marks, "volume": 0.0}),
    }
    for kind, frame in frames.items():
        get_datahandler(folder, "feather").ohlcv_store(
            pair=pair, timeframe=_HOURLY, data=frame, candle_type=kind
        )


def _dates(times_ns: Times) -> DatetimeIndex:
    return to_datetime(times_ns // 1_000_000, unit="ms", utc=True)
