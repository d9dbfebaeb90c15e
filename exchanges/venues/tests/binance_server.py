"""A server on this machine that speaks Binance's public bars, well or badly as told."""

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, override
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from common.domain.bars import Bars
from common.domain.timeframe import Timeframe

type Row = list[Any]

MAX_BARS = 1_000
_HOST = "127.0.0.1"
_MILLISECOND = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What the server sends instead of bars.

    `cut` closes the connection in the middle of the body; `hang` sends nothing at all.
    """

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


def make_bars(timeframe: Timeframe, start_ns: int, count: int) -> Bars:
    """Return a random walk in cents, whose every price is a number of two decimals."""
    random = np.random.default_rng(20240101)
    close = 40_000_00 + np.cumsum(random.integers(-500, 501, count))
    open_ = np.concatenate([[40_000_00], close[:-1]])
    spread = random.integers(0, 300, (2, count))
    high, low = np.maximum(open_, close) + spread[0], np.minimum(open_, close) - spread[1]
    volume = random.integers(1, 10_000_000, count) / 100_000
    times = start_ns + timeframe.nanoseconds * np.arange(count, dtype=np.int64)
    cents = {"open": open_, "high": high, "low": low, "close": close}
    prices = {name: np.round(column / 100, 2) for name, column in cents.items()}
    return Bars(timeframe, times, **prices, volume=volume)


def without(bars: Bars, start: int, stop: int) -> Bars:
    """Return bars with a hole where the positions from `start` up to `stop` were."""
    kept = np.delete(np.arange(len(bars)), np.arange(start, stop))
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Bars(bars.timeframe, bars.open_ns[kept], *(column[kept] for column in columns))


class BinanceServer:
    """The server; use it in a `with`.

    Parameters
    ----------
    bars
        All the venue has, the unfinished last bar included.
    """

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.windowed = False  # look at `limit` bars from the start on only, as Coinbase does
        self.faults: deque[Answer] = deque()
        self.info_faults: deque[Answer] = deque()
        self.change: Callable[[list[Row]], list[Row]] = list
        self.date: str | None = None
        self.asked: list[dict[str, str]] = []
        self.before_answer: Callable[[int], None] = lambda count: None
        self._stop = threading.Event()
        self._server = _Server((_HOST, 0), _Handler)
        self._server.venue = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def settings(self) -> dict[str, Any]:
        """What points ccxt's `binance` here."""
        root = f"http://{_HOST}:{self._server.server_port}"
        return {
            "enableRateLimit": False,
            "urls": {
                "api": {
                    "public": f"{root}/api/v3",
                    "fapiPublic": f"{root}/fapi/v1",
                }
            },
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hang(self) -> None:
        """Wait until the server is stopped."""
        self._stop.wait()

    def klines(self, query: dict[str, str]) -> list[Row]:
        """Return the rows that Binance would answer."""
        timeframe = Timeframe(query["interval"])
        bars = self.bars if timeframe is self.bars.timeframe else _resampled(self.bars, timeframe)
        start_ns = int(query["startTime"]) * _MILLISECOND
        limit = min(int(query["limit"]), MAX_BARS)
        end_ns = start_ns + limit * timeframe.nanoseconds if self.windowed else 2**62
        chosen = bars.between(start_ns, end_ns)
        chosen = chosen.rows(0, limit)
        return self.change([_row(chosen, place) for place in range(len(chosen))])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    venue: BinanceServer

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that gives up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        venue, parts = self.server.venue, urlsplit(self.path)
        if parts.path.endswith("/exchangeInfo"):
            info = _PERPETUAL if parts.path.startswith("/fapi") else _SPOT
            faults = venue.info_faults
            self._send(faults.popleft() if faults else Answer(body=json.dumps(info)))
            return
        query = dict(parse_qsl(parts.query))
        venue.asked.append(query)
        venue.before_answer(len(venue.asked))
        if venue.faults:
            self._send(venue.faults.popleft())
        else:
            self._send(Answer(body=json.dumps(venue.klines(query))))

    def _send(self, answer: Answer) -> None:
        if answer.hang:
            self.server.venue.hang()
            self.close_connection = True
            return
        body = answer.body.encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.cut else body)
        self.close_connection = answer.cut

    @override
    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.venue.date or super().date_time_string(timestamp)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of tests quiet."""


def _row(bars: Bars, place: int) -> Row:
    prices = (bars.open, bars.high, bars.low, bars.close)
    opened_ms = int(bars.open_ns[place]) // _MILLISECOND
    closed_ms = opened_ms + bars.timeframe.seconds * 1_000 - 1
    texts = [f"{column[place]:.8f}" for column in (*prices, bars.volume)]
    return [opened_ms, *texts, closed_ms, "0", 1, "0", "0", "0"]


def _resampled(bars: Bars, timeframe: Timeframe) -> Bars:
    opens, first = np.unique(timeframe.floor(bars.open_ns), return_index=True)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Bars(timeframe, opens, *(column[first] for column in columns))


def _symbol(**more: object) -> dict[str, object]:
    return {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": "0.01",
                "maxPrice": "1000000.00",
                "tickSize": "0.01",
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": "0.00001",
                "maxQty": "9000.0",
                "stepSize": "0.00001",
            },
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
        ],
        **more,
    }


_SPOT = {"timezone": "UTC", "symbols": [_symbol(), _symbol(symbol="ETHUSDT", baseAsset="ETH")]}
_PERPETUAL = {
    "timezone": "UTC",
    "symbols": [
        _symbol(
            pair="BTCUSDT",
            contractType="PERPETUAL",
            deliveryDate=4_133_404_800_000,
            marginAsset="USDT",
            pricePrecision=2,
            quantityPrecision=3,
            filters=[
                {
                    "filterType": "PRICE_FILTER",
                    "minPrice": "0.10",
                    "maxPrice": "1000000",
                    "tickSize": "0.10",
                },
                {
                    "filterType": "LOT_SIZE",
                    "minQty": "0.001",
                    "maxQty": "1000",
                    "stepSize": "0.001",
                },
                {"filterType": "MIN_NOTIONAL", "notional": "100"},
            ],
        )
    ],
}
