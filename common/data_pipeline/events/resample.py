"""Bars from the trades of stored events."""

from dataclasses import dataclass

import numpy as np

from common.data_pipeline.events.files import read_events
from common.data_pipeline.events.sizes import Step
from common.domain.bars import Bars, Floats, Times
from common.domain.events import (
    AT_EXCHANGE,
    KIND_MASK,
    TRADE,
    EventFiles,
    Events,
)
from common.domain.timeframe import Timeframe


@dataclass(frozen=True, eq=False, slots=True)
class _Parts:
    """Open, high, low, close and volume in lots of stretches of bars, oldest first."""

    open_ns: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    lots: Times


def bars_from_events(files: EventFiles, timeframe: Timeframe) -> Bars:
    """Return the bars that the trades of a period make.

    Parameters
    ----------
    files
        The events; memory holds those of one file.
    timeframe
        Length of the bars.

    Returns
    -------
    Bars
        Labelled by their open time on the exchange's clock. A bar that the period does not
        hold from its open to its close is left out, and so is one without a trade. Volume is
        summed in whole lots: it is exact.
    """
    lot = Step(files.lot)
    parts = [_parts(_trades(read_events(path), files), timeframe, lot) for path in files.paths]
    names = _Parts.__dataclass_fields__
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    opens = columns["open_ns"]
    first = np.flatnonzero(np.diff(opens, prepend=opens[:1] - 1))
    if not len(first):
        return Bars.empty(timeframe)
    bars = Bars(
        timeframe,
        opens[first],
        columns["open"][first],
        np.maximum.reduceat(columns["high"], first),
        np.minimum.reduceat(columns["low"], first),
        columns["close"][np.append(first[1:], len(opens)) - 1],
        lot.values(np.add.reduceat(columns["lots"], first)),
    )
    return bars.between(files.start_ns, files.end_ns - timeframe.nanoseconds + 1)


def _trades(events: Events, files: EventFiles) -> Events:
    times = events["exch_ts"]
    is_trade = (events["ev"] & KIND_MASK == TRADE) & (events["ev"] & AT_EXCHANGE != 0)
    trades: Events = events[is_trade & (times >= files.start_ns) & (times < files.end_ns)]
    return trades


def _parts(trades: Events, timeframe: Timeframe, lot: Step) -> _Parts:
    opens = timeframe.floor(trades["exch_ts"])
    prices, lots = trades["px"], lot.counts(trades["qty"])
    first = np.flatnonzero(np.diff(opens, prepend=opens[:1] - 1))
    if not len(first):
        return _Parts(opens, prices, prices, prices, prices, lots)
    return _Parts(
        opens[first],
        prices[first],
        np.maximum.reduceat(prices, first),
        np.minimum.reduceat(prices, first),
        prices[np.append(first[1:], len(trades)) - 1],
        np.add.reduceat(lots, first),
    )
