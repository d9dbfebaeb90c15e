"""A task in plain numbers, as the strategy that NautilusTrader runs reads them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.costs import AccountType
from common.domain.enums import MarketType
from common.domain.instruments import InstrumentSpec
from research.engines.exceptions import UnsupportedFeature

# Decimals of NautilusTrader's fixed-point numbers, and the largest of each kind, rounded down.
MOST_DECIMALS: Final = 16
MOST_PRICE: Final = 1.7e13
MOST_QUANTITY: Final = 10**13
# Prices are floats of 15 digits; more decimals would only write their binary noise.
_DIGITS: Final = 15
# Floats count to 2^53; a quarter of that leaves room for gains.
_WHOLE_LOTS: Final = 2.0**51
_RESOLUTION: Final = 1e-10  # relative, a tenth of what prices are compared to


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The decimals of prices and quantities.

    Parameters
    ----------
    price, size
        Numbers of decimals, in [0, 16].
    lot
        Smallest quantity, base currency.
    tick
        Step of prices; None is the last decimal.
    """

    price: int
    size: int
    lot: Decimal
    tick: Decimal | None = None

    @property
    def price_step(self) -> Decimal:
        """Step of prices."""
        return self.tick or Decimal(1).scaleb(-self.price)

    @classmethod
    def of(cls, instrument: InstrumentSpec, bars: Bars, slippage: float) -> "Scale":
        """Return the scale that holds these bars.

        Raises
        ------
        UnsupportedFeature
            If 16 decimals do not hold its lot, or its prices to ten digits, or a price
            is out of range.
        """
        size = decimals_of(instrument.lot)
        if size > MOST_DECIMALS:
            raise UnsupportedFeature(
                f"nautilus has {MOST_DECIMALS} decimals, the lot {instrument.lot} needs {size}",
                engine="nautilus",
            )
        return cls(price=_price_decimals(bars, slippage), size=size, lot=instrument.lot)

    @classmethod
    def natural(cls, instrument: InstrumentSpec, bars: Bars) -> "Scale":
        """Return the scale with the fewest decimals that hold these bars.

        Raises
        ------
        UnsupportedFeature
            As `of`.
        """
        most = cls.of(instrument, bars, 0.0)
        prices = np.concatenate([bars.open, bars.high, bars.low, bars.close])
        fewest = decimals_of(instrument.tick or Decimal(1))
        decimals = (n for n in range(fewest, most.price) if (np.round(prices, n) == prices).all())
        price = next(decimals, most.price)
        return cls(
            price=price,
            size=most.size,
            lot=most.lot,
            tick=instrument.tick if price == fewest else None,
        )


def decimals_of(step: Decimal) -> int:
    """Return how many decimals a step needs."""
    return max(0, -int(step.normalize().as_tuple().exponent))


def _price_decimals(bars: Bars, slippage: float) -> int:
    low = float(min(bars.open.min(), bars.low.min(), bars.close.min())) * (1 - slippage)
    high = float(max(bars.open.max(), bars.high.max(), bars.close.max())) * (1 + slippage)
    # What is not positive or finite fails by name in NautilusTrader, as any bad price there.
    if not 0 < low <= high < MOST_PRICE:
        return MOST_DECIMALS
    whole = int(np.ceil(np.log10(high)))
    decimals = min(max(_DIGITS - whole, 0), MOST_DECIMALS)
    if 10.0**-decimals > low * _RESOLUTION:
        decimals = MOST_DECIMALS
    if 10.0**-decimals > low * _RESOLUTION:
        raise UnsupportedFeature(
            f"nautilus has {MOST_DECIMALS} decimals, too few for a price of {low!r}",
            engine="nautilus",
        )
    return decimals


def uses_margin(instrument: InstrumentSpec, account: AccountType) -> bool:
    """Return whether the engine's account is one of margin: for shorts, and for perpetuals."""
    perpetual = instrument.id.market_type is MarketType.LINEAR_PERPETUAL
    return perpetual or account is AccountType.MARGIN


def check_lot(cash: float, bars: Bars, lot: Decimal) -> None:
    """Refuse lots of which cash buys more than floats count.

    Raises
    ------
    UnsupportedFeature
        If cash buys 2^51 lots or more at the lowest close.
    """
    lots = cash / float(bars.close.min()) / float(lot)
    if lots >= _WHOLE_LOTS:
        raise UnsupportedFeature(
            f"nautilus counts positions in floats: cash of {cash:g} buys {lots:g} lots of"
            f" {lot:f}, more than {_WHOLE_LOTS:g}: state the instrument's lot",
            engine="nautilus",
        )


def slipped(prices: Floats, slippage: float) -> tuple[Floats, Floats]:
    """Return what a taker gets and what a taker pays at these prices."""
    return prices * (1 - slippage), prices * (1 + slippage)
