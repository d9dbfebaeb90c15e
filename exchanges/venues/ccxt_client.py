"""A venue's public data through ccxt; the only module that imports it, when it is needed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, override

import numpy as np

from common.data_pipeline.rows import BarRows
from common.domain.bars import PRICE_COLUMNS
from common.domain.clock import Clock
from common.domain.enums import MarketType
from common.domain.instruments import DEFAULT_LOT, InstrumentId, InstrumentSpec
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.exceptions import UnknownInstrument
from exchanges.venues.base import VenueClient
from exchanges.venues.errors import UnknownVenue, UnsupportedTimeframe, VenueRefused
from exchanges.venues.retrying import RetryPolicy
from exchanges.venues.translation import http_date, translate, unreadable

_MILLISECOND: Final = 1_000_000
# Asked of a venue whose cap ccxt does not declare: a venue that cuts a longer answer may
# keep its end instead of its beginning.
_UNDECLARED_CAP: Final = 300
# Markets an `InstrumentId` can name; each of the others is a request of megabytes.
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "binance": {"fetchMarkets": {"types": ["spot", "linear"]}, "fetchMargins": False},
    "bybit": {"fetchMarkets": {"types": ["spot", "linear"]}},
    "okx": {"fetchMarkets": {"types": ["spot", "swap"]}},
}
# ccxt reads an answer without checking its form; one that is cut off or not JSON ends so.
_MALFORMED: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


class CcxtClient(VenueClient):
    """Reads public data through the ccxt class named like the venue, in lower case.

    Parameters
    ----------
    venue
        The venue's code: `BINANCE` is ccxt's `binance`.
    clock, retries
        As `VenueClient`.
    timeout_seconds
        Of one request: for the connection, and for each silence after it.
    overrides
        Settings of the ccxt class that win over ours, such as other addresses.

    Raises
    ------
    UnknownVenue
        If ccxt has no such class; the message names some that are spelled alike.
    """

    def __init__(
        self,
        venue: str,
        *,
        clock: Clock,
        retries: RetryPolicy,
        timeout_seconds: float,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(venue, clock=clock, retries=retries)
        import ccxt

        name = venue.lower()
        if name not in ccxt.exchanges:
            alike = [match.upper() for match in get_close_matches(name, ccxt.exchanges)]
            raise UnknownVenue(
                f"unknown venue {venue!r}; similar: {', '.join(alike) or 'none'}",
                venue=venue,
                similar=list(alike),
            )
        self._errors = ccxt.BaseError
        self._tick_size_mode = ccxt.TICK_SIZE
        settings = {
            "number": Decimal,
            "enableRateLimit": True,
            "timeout": round(timeout_seconds * 1_000),
            "options": _OPTIONS.get(name, {}),
        }
        merged = ccxt.Exchange.deep_extend(settings, overrides or {})
        self._exchange: Any = getattr(ccxt, name)(merged)
        _refuse_text(self._exchange, venue)

    @override
    def close(self) -> None:
        self._exchange.close()

    @override
    def _request_bars(
        self, instrument: InstrumentId, timeframe: Timeframe, *, start_ns: int, limit: int
    ) -> BarRows:
        # A bar that opens between two milliseconds is not before the start.
        since = -(-start_ns // _MILLISECOND)
        with self._translated():
            answer = self._exchange.fetch_ohlcv(instrument.symbol, str(timeframe), since, limit)
            # A bar without trades is a row without prices at some venues: missing is missing.
            present = [row[:6] for row in answer if None not in row[:6]]
            times = [int(row[0]) * _MILLISECOND for row in present]
            columns = {
                name: np.array([float(row[place]) for row in present])
                for place, name in enumerate(PRICE_COLUMNS, start=1)
            }
        lines = np.arange(1, len(present) + 1)
        return BarRows(open_ns=np.array(times, np.int64), **columns, lines=lines)

    @override
    def _venue_time_ns(self) -> int | None:
        moment = http_date(self._headers().get("Date"))
        return to_ns(moment) if moment else None

    @override
    def _max_bars(self, instrument: InstrumentId, timeframe: Timeframe) -> int:
        market = self._market(instrument)
        lengths = self._exchange.timeframes or {}
        if self._exchange.has["fetchOHLCV"] is not True:
            raise VenueRefused(f"{self.venue} offers no bars", venue=self.venue)
        if timeframe not in lengths:
            known = [length for length in Timeframe if length in lengths]
            raise UnsupportedTimeframe(
                f"{self.venue} has no bars of {timeframe}; it has {' '.join(known)}",
                venue=self.venue,
                timeframe=str(timeframe),
            )
        cap = self._exchange.feature_value(market["symbol"], "fetchOHLCV", "limit", None)
        return int(cap or _UNDECLARED_CAP)

    @override
    def _instrument(self, instrument: InstrumentId) -> InstrumentSpec:
        market = self._market(instrument)
        precision, limits = market["precision"], market["limits"]
        # A venue counts the quantity of a perpetual in contracts; ours is the base currency.
        contract = Decimal(str(market.get("contractSize") or 1))
        lot = self._step(precision.get("amount"))
        smallest = (limits.get("cost") or {}).get("min")
        return InstrumentSpec(
            id=instrument,
            lot=DEFAULT_LOT if lot is None else lot * contract,
            tick=self._step(precision.get("price")),
            min_notional=Decimal(str(smallest)) if smallest else None,
        )

    def _market(self, instrument: InstrumentId) -> dict[str, Any]:
        with self._translated():
            markets: dict[str, dict[str, Any]] = self._exchange.load_markets()
        market = markets.get(instrument.symbol)
        perpetual = instrument.market_type is MarketType.LINEAR_PERPETUAL
        if market is None or not (market["linear"] if perpetual else market["spot"]):
            similar = get_close_matches(instrument.symbol, markets, n=5)
            raise UnknownInstrument(
                f"{self.venue} has no {instrument.symbol}; similar: {', '.join(similar) or 'none'}",
                instrument=str(instrument),
                similar=list(similar),
            )
        return market

    def _step(self, precision: Any) -> Decimal | None:
        """Return the step that a precision stands for, None where it is not a fixed one."""
        if precision is None or self._exchange.precisionMode != self._tick_size_mode:
            return None
        step = Decimal(str(precision))
        return step if step > 0 else None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        # An answer that never comes has no headers: those of the one before are not its own.
        self._exchange.last_response_headers = None
        try:
            yield
        except self._errors as e:
            raise translate(
                e, venue=self.venue, headers=self._headers(), now=self._clock.now()
            ) from e
        except _MALFORMED as e:
            raise unreadable(repr(e), venue=self.venue) from e

    def _headers(self) -> Mapping[str, str]:
        headers: Mapping[str, str] | None = self._exchange.last_response_headers
        return headers or {}


def _refuse_text(exchange: Any, venue: str) -> None:
    """Make a successful answer that is not JSON an error.

    ccxt takes text for a list of characters and finds no bar in it: a page that asks for a
    login, or an answer cut short by a proxy, would pass for a hole in the market.
    """
    parse, receive = exchange.parse_json, exchange.on_rest_response
    status = 0

    def on_rest_response(code: int, *rest: Any) -> Any:
        nonlocal status
        status = code
        return receive(code, *rest)

    def parse_json(text: str) -> Any:
        answer = parse(text)
        if answer is None and status < 400:
            raise unreadable(f"it is not JSON but {text[:80]!r}", venue=venue)
        return answer

    exchange.on_rest_response, exchange.parse_json = on_rest_response, parse_json
