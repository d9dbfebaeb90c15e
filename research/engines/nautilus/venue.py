"""A venue in NautilusTrader: its currencies, instrument, account and engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from nautilus_trader.backtest import engine as backtest
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import BarSpecification, BarType
from nautilus_trader.model.enums import (
    AccountType,
    BarAggregation,
    BookType,
    CurrencyType,
    OmsType,
    PriceType,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual, CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity

from common.domain.costs import CostModel
from common.domain.enums import MarketType
from common.domain.instruments import InstrumentSpec
from common.domain.timeframe import Timeframe
from research.engines.nautilus.inputs import MOST_DECIMALS, Scale
from research.engines.nautilus.sizing import exact

_UNITS: Final = {
    "m": BarAggregation.MINUTE,
    "h": BarAggregation.HOUR,
    "d": BarAggregation.DAY,
    "w": BarAggregation.WEEK,
}
_RAW_ONE: Final = 10**MOST_DECIMALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """What is traded and how it is called in NautilusTrader."""

    instrument: Any
    bar_type: Any
    scale: Scale

    @property
    def id(self) -> Any:
        """Its InstrumentId."""
        return self.instrument.id

    @property
    def quote(self) -> Any:
        """Currency of prices, fees and cash."""
        return self.instrument.quote_currency

    def quantity(self, lots: int) -> Any:
        """Return a number of lots as a Quantity, exact."""
        numerator, denominator = self.scale.lot.as_integer_ratio()
        return Quantity.from_raw(lots * numerator * _RAW_ONE // denominator, self.scale.size)

    def lots(self, quantity: Decimal) -> int:
        """Return a quantity as a number of lots."""
        return int(quantity / self.scale.lot)

    def price(self, value: float) -> Any:
        """Return a price at the precision of the instrument."""
        return Price(value, self.scale.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSpec:
    """How a venue treats orders.

    Parameters
    ----------
    cash
        Starting cash, quote currency.
    margin
        Whether the account may be short.
    book_type, options
        As `BacktestEngine.add_venue` names them.
    """

    cash: float
    margin: bool
    book_type: BookType = BookType.L1_MBP
    options: dict[str, Any] = field(default_factory=dict)


def build_instrument(
    spec: InstrumentSpec,
    timeframe: Timeframe,
    *,
    scale: Scale,
    costs: CostModel,
    is_native: bool = False,
) -> Traded:
    """Return an instrument whose money has 16 decimals, so that no fee is rounded.

    Notes
    -----
    NautilusTrader looks currencies up by their code. These have codes of their own, so
    that neither finds the other: USD has two decimals there. A person's own strategy
    asks for balances by the usual codes, and its orders must keep to the minimum.
    """
    # Balances pass through floats; at the decimals of the lot a position stays whole lots.
    base = _currency(spec.id.base, scale.size, is_native=is_native)
    quote = _currency(spec.id.quote, MOST_DECIMALS, is_native=is_native)
    venue = Venue(spec.id.venue)
    settings: dict[str, Any] = {
        "instrument_id": InstrumentId(Symbol(spec.id.symbol), venue),
        "raw_symbol": Symbol(spec.id.symbol),
        "base_currency": base,
        "quote_currency": quote,
        "price_precision": scale.price,
        "size_precision": scale.size,
        "price_increment": Price(float(scale.price_step), scale.price),
        "size_increment": Quantity.from_str(f"{scale.lot:.{scale.size}f}"),
        "ts_event": 0,
        "ts_init": 0,
        "margin_init": Decimal(0),
        "margin_maint": Decimal(0),
        "maker_fee": exact(costs.maker_fee_rate),
        "taker_fee": exact(costs.fee_rate),
    }
    if is_native and spec.min_notional is not None:
        settings["min_notional"] = Money(spec.min_notional, quote)
    if spec.id.market_type is MarketType.LINEAR_PERPETUAL:
        instrument = CryptoPerpetual(settlement_currency=quote, is_inverse=False, **settings)
    else:
        instrument = CurrencyPair(**settings)
    step, unit = int(timeframe.value[:-1]), _UNITS[timeframe.value[-1]]
    specification = BarSpecification(step, unit, PriceType.LAST)
    return Traded(
        instrument=instrument, bar_type=BarType(instrument.id, specification), scale=scale
    )


def _currency(code: str, decimals: int, *, is_native: bool) -> Any:
    name = code if is_native else f"{code}.{decimals}"
    currency = Currency(
        code=name,
        precision=decimals,
        iso4217=0,
        name=name,
        currency_type=CurrencyType.CRYPTO,
    )
    # What the platform knows by that code already stays as it is.
    Currency.register(currency, overwrite=not is_native)
    return currency


def rest_analyzer(engine: backtest.BacktestEngine) -> None:
    """Keep an engine from its own statistics of closed positions, which nobody reads here.

    Notes
    -----
    It appends each to a pandas series, a copy of all before: a quarter of the cost of a
    round trip at first, and more with every one.
    """
    engine.portfolio.analyzer.record_trade = _ignore_trade


def _ignore_trade(*_args: object, **_kwargs: object) -> None:
    pass


@contextmanager
def open_engine(traded: Traded, venue: VenueSpec) -> Iterator[backtest.BacktestEngine]:
    """Return an engine with that venue and instrument; it is disposed of at the end."""
    engine = backtest.BacktestEngine(
        BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    )
    try:
        engine.add_venue(
            venue=traded.id.venue,
            oms_type=OmsType.NETTING,
            account_type=AccountType.MARGIN if venue.margin else AccountType.CASH,
            starting_balances=[Money(venue.cash, traded.quote)],
            base_currency=None,
            default_leverage=Decimal(1),
            book_type=venue.book_type,
            **venue.options,
        )
        engine.add_instrument(traded.instrument)
        yield engine
    finally:
        engine.dispose()
