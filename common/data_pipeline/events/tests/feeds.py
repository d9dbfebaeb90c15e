"""Small recordings for the tests of events, and what becomes of them."""

import gzip
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from common.data_pipeline.events.binance_futures import BinanceFuturesFeed
from common.data_pipeline.events.files import read_events
from common.data_pipeline.events.importing import import_events
from common.data_pipeline.events.reading import read_event_files
from common.data_pipeline.events.report import EventReport
from common.data_pipeline.events.sizes import Sizes, Step
from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.events import Events
from common.domain.instruments import InstrumentId, SeriesKey

INSTRUMENT = InstrumentId("BTC/USDT:USDT", "BINANCEUSDM")
KEY = SeriesKey(INSTRUMENT, SeriesKind.EVENTS)
SIZES = Sizes(Step(Decimal("0.1")), Step(Decimal("0.001")))
MS = 1_000_000
HOUR_NS = 3_600_000_000_000
# 2024-08-08 23:00 UTC.
ELEVEN_MS = 1_723_158_000_000
LAG_NS = 2 * MS

type Levels = Sequence[tuple[str, str]]


def line(at_ms: int, data: object, local_ns: int | None = None, *, envelope: bool = True) -> str:
    """Return a line of a recording: a message received 2 ms after it happened."""
    receipt = (ELEVEN_MS + at_ms) * MS + LAG_NS if local_ns is None else local_ns
    message = {"stream": "btcusdt", "data": data} if envelope else data
    return f"{receipt} {json.dumps(message)}"


def trade(
    at_ms: int, number: int, price: str, quantity: str, **facts: object
) -> dict[str, object]:
    """Return a trade whose taker bought, a number of milliseconds after eleven."""
    message = {"e": "trade", "T": ELEVEN_MS + at_ms, "s": "BTCUSDT", "t": number}
    return {**message, "p": price, "q": quantity, "X": "MARKET", "m": False, **facts}


def depth(at_ms: int, number: int, bids: Levels = (), asks: Levels = ()) -> dict[str, object]:
    """Return an update of the book that follows the one numbered before it."""
    message = {"e": "depthUpdate", "T": ELEVEN_MS + at_ms, "s": "BTCUSDT", "U": number}
    return {**message, "u": number, "pu": int(number) - 1, "b": list(bids), "a": list(asks)}


def book(at_ms: int, bids: Levels, asks: Levels) -> dict[str, object]:
    """Return the answer to a request for the whole book."""
    return {"lastUpdateId": 1, "T": ELEVEN_MS + at_ms, "bids": list(bids), "asks": list(asks)}


def write(folder: Path, *lines: str, name: str = "feed.gz", end: str = "\n") -> Path:
    """Write a recording, as gzip if its name says so."""
    path = folder / name
    content = ("\n".join(lines) + end).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def feed(path: Path, *, allow_cut_end: bool = False) -> BinanceFuturesFeed:
    """Return a recording of the Bitcoin perpetual."""
    return BinanceFuturesFeed(path, INSTRUMENT, allow_cut_end=allow_cut_end)


def store_lines(store: SeriesStore, *lines: str, name: str = "feed.gz") -> EventReport:
    """Import a recording of these lines."""
    store.root.parent.mkdir(exist_ok=True, parents=True)
    path = write(store.root.parent, *lines, name=name)
    return import_events(store, feed(path), KEY, sizes=SIZES)


def stored(store: SeriesStore) -> Events:
    """Return all stored events."""
    return np.concatenate([read_events(path) for path in read_event_files(store, KEY).paths])
