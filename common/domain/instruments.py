"""What is traded and where: identifiers, and the sizes an order must respect."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.domain.enums import MarketType, SeriesKind
from common.domain.errors import InvalidArgument, InvalidInstrument
from common.domain.timeframe import Timeframe

DEFAULT_LOT: Final = Decimal("1e-8")
_ASSET: Final = r"[A-Z0-9][A-Z0-9$+_-]*"
_SYMBOL: Final = re.compile(rf"({_ASSET})/({_ASSET}?)(?::({_ASSET}?))?(-[0-9A-Z-]+)?")
_MAX_SYMBOL: Final = 64
_VENUE: Final = re.compile(r"[A-Z0-9_]{1,32}")


@dataclass(frozen=True, slots=True)
class InstrumentId:
    """A ccxt symbol at a venue, written `BTC/USDT.BINANCE`."""

    symbol: str
    venue: str

    def __post_init__(self) -> None:
        if not _VENUE.fullmatch(self.venue):
            raise InvalidInstrument(
                f"{self.venue!r} is not a venue: capitals, digits and _ are allowed",
                venue=self.venue,
            )
        match = _SYMBOL.fullmatch(self.symbol)
        if match is None or len(self.symbol) > _MAX_SYMBOL:
            raise InvalidInstrument(
                f"{self.symbol!r} is not a ccxt symbol such as BTC/USDT or BTC/USDT:USDT, of at"
                f" most {_MAX_SYMBOL} characters",
                symbol=self.symbol,
            )
        base, quote, settle, expiry = match.groups()
        if expiry or (settle and settle != quote) or (settle and settle == base):
            raise InvalidInstrument(
                f"{self.symbol!r} is not spot or a linear perpetual: inverse, quanto and dated"
                " contracts are not supported",
                symbol=self.symbol,
            )

    @classmethod
    def parse(cls, text: str, venue: str | None = None) -> "InstrumentId":
        """Read `BTC/USDT` at the given venue, or `BTC/USDT.BINANCE`.

        Raises
        ------
        InvalidInstrument
            If no venue is named, two different ones are, or either part is malformed.
        """
        symbol, dot, suffix = text.rpartition(".")
        if not dot:
            symbol, suffix = text, venue or ""
        if not suffix:
            raise InvalidInstrument(f"{text!r} names no venue", symbol=text)
        if venue and suffix.upper() != venue.upper():
            raise InvalidInstrument(f"{text!r} is not at {venue}", symbol=text, venue=venue)
        return cls(symbol, suffix.upper())

    def __str__(self) -> str:
        return f"{self.symbol}.{self.venue}"

    @property
    def base(self) -> str:
        """Asset that is bought and sold."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """Currency that prices, fees and cash are in."""
        return self.symbol.partition("/")[2].partition(":")[0]

    @property
    def market_type(self) -> MarketType:
        """Perpetual if the symbol names a settlement currency, else spot."""
        return MarketType.LINEAR_PERPETUAL if ":" in self.symbol else MarketType.SPOT


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSpec:
    """The sizes orders in an instrument must respect; None where the venue states none."""

    id: InstrumentId
    lot: Decimal = DEFAULT_LOT
    tick: Decimal | None = None
    min_notional: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("lot", "tick", "min_notional"):
            value: Decimal | None = getattr(self, name)
            if value is not None and not (value.is_finite() and value > 0):
                raise InvalidArgument(f"{name} of {self.id} is {value}, must be positive")


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One kind of data of one instrument; bars also have a timeframe."""

    instrument: InstrumentId
    kind: SeriesKind
    timeframe: Timeframe | None = None

    def __post_init__(self) -> None:
        if (self.kind is SeriesKind.BARS) is (self.timeframe is None):
            raise InvalidArgument(f"{self.kind} with timeframe {self.timeframe}")

    @classmethod
    def bars(cls, instrument: InstrumentId, timeframe: Timeframe) -> "SeriesKey":
        """Return the key of an instrument's bars."""
        return cls(instrument, SeriesKind.BARS, timeframe)

    @property
    def slug(self) -> str:
        """Kind and timeframe in one word, `bars-1h` or `funding`."""
        return f"{self.kind}-{self.timeframe}" if self.timeframe else str(self.kind)

    def __str__(self) -> str:
        return f"{self.instrument} {self.slug}"
