"""The raw feed of Binance futures as recorders write it: `receipt_ns json`, a line a message."""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from common.data_pipeline.event_facts import MAX_FAULT_TIMES, Fault
from common.data_pipeline.events.exceptions import ConflictingMessages, OtherInstrument
from common.data_pipeline.events.lines import RecordingLines
from common.data_pipeline.events.messages import MESSAGE_DTYPE, Batch, Tale
from common.data_pipeline.events.repeats import Repeats
from common.data_pipeline.importers.epochs import EARLIEST_NS, LATEST_NS
from common.data_pipeline.importers.exceptions import (
    FileDamaged,
    UnreadableTime,
    UnusableFile,
)
from common.domain.events import BUY, DEPTH, DEPTH_CLEAR, DEPTH_SNAPSHOT, SELL, TRADE
from common.domain.instruments import InstrumentId

_MILLISECOND_NS: Final = 1_000_000
_BATCH_ROWS: Final = 65_536
# Trades with the insurance fund and the like carry no price of the market.
_MARKET: Final = "MARKET"
_MALFORMED: Final = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError)
_JSON: Final = json.JSONDecoder()

type Level = Sequence[str]


class BinanceFuturesFeed:
    """A recording of the streams `depth`, `trade` and others of one Binance perpetual.

    Parameters
    ----------
    path
        Plain text or gzip.
    instrument
        Whose feed it is; a message of another symbol is refused.
    allow_cut_end
        Whether a last message that is cut off is left out rather than refused.

    Notes
    -----
    An event's time is that of the transaction (`T`); its receipt is the number before the
    message. A depth update gives its bids, then its asks; the answer to a request for the
    whole book first clears the range it covers, side by side. Other streams, such as
    `bookTicker`, are counted and left out: they say nothing that `depth` does not. Messages may
    stand inside the envelope of a combined stream or alone.

    References
    ----------
    https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
    """

    def __init__(
        self, path: Path, instrument: InstrumentId, *, allow_cut_end: bool = False
    ) -> None:
        self._path = path
        self._symbol = f"{instrument.base}{instrument.quote}"
        self._lines = RecordingLines(path, allow_cut_end=allow_cut_end)
        self._readers: dict[str, Callable[[dict[str, Any], int, str], None]] = {
            "depthUpdate": self._read_depth,
            "trade": self._read_trade,
        }
        self._updates, self._trades = Repeats(), Repeats()
        self._last_update: int | None = None
        self._last_trade: int | None = None
        self._first_update_after: int | None = None
        self._gap_times = array("q")
        self._trade_gap_times = array("q")
        self._missing_trades = 0
        self._has_book = False
        self._ignored: Counter[str] = Counter()
        self._groups: list[tuple[int, int, int, int, int]] = []
        self._numbers = array("d")
        self._line = 0
        self._last_ms = 0

    def batches(self) -> Iterator[Batch]:
        """Yield the events in the order of the recording.

        Raises
        ------
        UnusableFile
            One of its subclasses, with file and line, as soon as something wrong is met.
        """
        for first, lines in self._lines.blocks():
            for number, line in enumerate(lines, start=first):
                self._line = number
                self._read_line(line)
                if len(self._numbers) >= 2 * _BATCH_ROWS:
                    yield self._batch()
        if self._numbers:
            yield self._batch()

    def tale(self) -> Tale:
        """Return what is known after the last batch."""
        gap_times = np.array(sorted(self._gap_times), np.int64) * _MILLISECOND_NS
        return Tale(
            duplicates=self._updates.count + self._trades.count,
            faults=tuple(self._faults()),
            gap_times_ns=gap_times,
            first_update_after=self._first_update_after,
            last_update=self._last_update,
            ignored=dict(sorted(self._ignored.items())),
        )

    def _faults(self) -> Iterator[Fault]:
        if self._gap_times:
            yield _fault("depth_gap", self._gap_times)
        if self._trade_gap_times:
            yield _fault("missing_trades", self._trade_gap_times, self._missing_trades)
        if not self._has_book:
            yield Fault("no_snapshot", 1, 0, ())
        if self._lines.was_cut:
            yield _fault("cut_end", [self._last_ms])

    def _read_line(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            text = line.decode("ascii")
            begin = text.index(" ") + 1
            message, end = _JSON.raw_decode(text, begin)
            if text[end:].strip():
                raise ValueError(f"{text[end : end + 20]!r} after the message")
            self._read_message(message, int(text[: begin - 1]), text[begin:end])
        except UnusableFile:
            raise
        except _MALFORMED as e:
            if self._lines.is_open_end:
                self._lines.leave_out_last(self._line, line)
                return
            raise FileDamaged(
                self._path, f"is not a message of the feed: {e!r}", line=self._line
            ) from e

    def _read_message(self, message: dict[str, Any], local_ns: int, text: str) -> None:
        data = message.get("data", message)
        kind = data.get("e")
        reader = self._readers.get(kind)
        if reader is not None:
            self._check_symbol(data["s"])
            reader(data, local_ns, text)
        elif kind is None and "lastUpdateId" in data:
            self._read_book(data, local_ns)
        else:
            self._ignored[str(kind or "other")] += 1

    def _read_trade(self, data: dict[str, Any], local_ns: int, text: str) -> None:
        number, last = _whole(data["t"]), self._last_trade
        if self._is_repeated(self._trades, number, text):
            return
        self._last_trade = number
        if last is not None and number > last + 1:
            self._trade_gap_times.append(data["T"])
            self._missing_trades += number - last - 1
        if data.get("X", _MARKET) == _MARKET:
            side = SELL if data["m"] else BUY
            self._add(TRADE | side, (data["T"], local_ns), [(data["p"], data["q"])])

    def _read_depth(self, data: dict[str, Any], local_ns: int, text: str) -> None:
        number, last, before = _whole(data["u"]), self._last_update, _whole(data["pu"])
        if self._is_repeated(self._updates, number, text):
            return
        self._last_update = number
        if last is None:
            self._first_update_after = before
        elif before != last:
            self._gap_times.append(data["T"])
        times = data["T"], local_ns
        self._add(DEPTH | BUY, times, data["b"])
        self._add(DEPTH | SELL, times, data["a"])

    def _read_book(self, data: dict[str, Any], local_ns: int) -> None:
        self._has_book = True
        times = data["T"], local_ns
        for side, levels in ((BUY, data["bids"]), (SELL, data["asks"])):
            if levels:
                self._add(DEPTH_CLEAR | side, times, [(levels[-1][0], "0")])
                self._add(DEPTH_SNAPSHOT | side, times, levels)

    def _add(self, ev: int, times: tuple[int, int], levels: Sequence[Level]) -> None:
        exch_ms, local_ns = times
        exch_ns = exch_ms * _MILLISECOND_NS
        for time, name in ((exch_ns, "T in milliseconds"), (local_ns, "receipt in nanoseconds")):
            if type(time) is not int or not EARLIEST_NS <= time < LATEST_NS:
                raise UnreadableTime(
                    self._path,
                    f"{time} ns is outside 1973 to 2200, read from the time of {name}",
                    line=self._line,
                )
        before = len(self._numbers)
        self._numbers.extend(map(float, chain.from_iterable(levels)))
        if len(self._numbers) - before != 2 * len(levels):
            raise ValueError("a level is not a price and a quantity")
        self._groups.append((ev, exch_ns, local_ns, self._line, len(levels)))
        self._last_ms = exch_ms

    def _is_repeated(self, numbers: Repeats, number: int, text: str) -> bool:
        try:
            return numbers.is_repeated(number, hash(text))
        except ValueError as e:
            raise ConflictingMessages(self._path, str(e), line=self._line) from e

    def _check_symbol(self, symbol: str) -> None:
        if symbol != self._symbol:
            raise OtherInstrument(
                self._path,
                f"is of {symbol}, the instrument's symbol is {self._symbol}",
                line=self._line,
            )

    def _batch(self) -> Batch:
        groups = np.array(self._groups, np.int64)
        rows = np.empty(len(self._numbers) // 2, MESSAGE_DTYPE)
        counts = groups[:, 4]
        for column, name in enumerate(("ev", "exch_ts", "local_ts")):
            rows[name] = np.repeat(groups[:, column], counts)
        lines = np.repeat(groups[:, 3], counts)
        numbers = np.frombuffer(self._numbers, np.float64)
        rows["px"], rows["qty"] = numbers[::2], numbers[1::2]
        self._groups, self._numbers = [], array("d")
        return Batch(self._path, rows, lines)


def _whole(number: object) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is not the number of a message")
    return number


def _fault(code: str, times_ms: Sequence[int], missing: int = 0) -> Fault:
    shown = sorted(times_ms)[:MAX_FAULT_TIMES]
    return Fault(code, len(times_ms), missing, tuple(ms * _MILLISECOND_NS for ms in shown))
