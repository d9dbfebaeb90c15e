"""Formats of recordings, and what each needs to be told."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from common.data_pipeline.events.binance_futures import BinanceFuturesFeed
from common.data_pipeline.events.messages import Recording
from common.data_pipeline.events.trades_depth import TradesAndDepth
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId


class RecordingFormat(StrEnum):
    """How a recording is written."""

    BINANCE_FUTURES = "binance_futures"
    TRADES_DEPTH = "trades_depth"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFile:
    """A recording that a person hands in.

    Parameters
    ----------
    path
        The feed, or the table of trades.
    format
        How it is written.
    depth
        The table of changes of the book; with `trades_depth`, and only there.
    feed_latency_ns
        Time from an event to its receipt, >= 0, where tables of `trades_depth` do not tell it.
    allow_cut_end
        Whether a feed that stops in the middle of a message is read up to there.
    """

    path: Path
    format: RecordingFormat
    depth: Path | None = None
    feed_latency_ns: int | None = None
    allow_cut_end: bool = False

    def open(self, instrument: InstrumentId) -> Recording:
        """Return the recording, of which nothing is read yet.

        Raises
        ------
        InvalidArgument
            If something is stated that the format has no use for, or a table is missing.
        """
        if self.format is RecordingFormat.BINANCE_FUTURES:
            self._refuse(depth=self.depth, feed_latency_ns=self.feed_latency_ns)
            return BinanceFuturesFeed(self.path, instrument, allow_cut_end=self.allow_cut_end)
        self._refuse(allow_cut_end=self.allow_cut_end or None)
        if self.depth is None:
            raise InvalidArgument(f"{self.format} needs a table of trades and one of depth")
        return TradesAndDepth(self.path, self.depth, feed_latency_ns=self.feed_latency_ns)

    def _refuse(self, **given: object) -> None:
        for name, value in given.items():
            if value is not None:
                raise InvalidArgument(
                    f"{name} is {value}, but {self.format} has no use for it", argument=name
                )
