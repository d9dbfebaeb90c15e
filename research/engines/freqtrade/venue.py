"""Binance as Freqtrade knows it, with one market of ours and no network."""

from datetime import timedelta
from typing import Any, override

from freqtrade.exchange.binance import Binance

# Far enough that Freqtrade never finds its markets old: the year 9999, in milliseconds.
_NEVER = 253_370_764_800_000


class OfflineVenue(Binance):
    """The exchange of a run; whatever would ask the network has an answer here."""

    def __init__(self, config: dict[str, Any], market: dict[str, Any]) -> None:
        self._market = market
        super().__init__(config, load_leverage_tiers=True)

    @property
    def symbol(self) -> str:
        """The one symbol that is traded."""
        return str(self._market["symbol"])

    @property
    def is_futures(self) -> bool:
        """Whether it is a perpetual."""
        return bool(self._market["swap"])

    @override
    def reload_markets(self, force: bool = False, *, load_leverage_tiers: bool = True) -> None:
        for api in (self._api, self._api_async):
            api.set_markets([dict(self._market)])
        self._markets = self._api.markets
        self._last_markets_refresh = _NEVER

    @override
    def load_leverage_tiers(self) -> dict[str, list[dict[str, Any]]]:
        tier = {
            "minNotional": 0.0,
            "maxNotional": None,
            "maintenanceMarginRate": 0.0,
            "maxLeverage": self._market["limits"]["leverage"]["max"],
            "info": {"cum": 0.0},
        }
        return {self.symbol: [tier]}

    @override
    def calculate_funding_fees(
        self, df: Any, amount: float, is_short: bool, open_date: Any, close_date: Any
    ) -> float:
        """Return what a position received after its opening and until the close, that included.

        Notes
        -----
        Freqtrade counts a funding at the very moment of a fill for the position before
        the fill and for the one after it; by the rule the former alone owes it.
        """
        # Funding comes at whole seconds in Freqtrade's files.
        after = open_date + timedelta(microseconds=1)
        return float(super().calculate_funding_fees(df, amount, is_short, after, close_date))

    @override
    def additional_exchange_init(self) -> None:
        """Ask nobody how the account is set up."""

    @override
    def _init_async_loop(self) -> None:
        """Make no event loop: nothing is downloaded, and a loop holds sockets."""


class CanonicalVenue(OfflineVenue):
    """The venue of a run by the platform's rule."""

    @override
    def get_liquidation_price(self, *args: Any, **kwargs: Any) -> float | None:
        """Liquidate nobody: the rule ends a run where equity falls to zero."""
        return None


def describe_market(
    *,
    symbol: str,
    lot: float,
    fee_rate: float,
    tick: float | None = None,
    min_notional: float | None = None,
    max_leverage: float = 1.0,
) -> dict[str, Any]:
    """Return a market in ccxt's words.

    Parameters
    ----------
    symbol
        `BASE/QUOTE`, or `BASE/QUOTE:QUOTE` of a perpetual.
    lot, tick
        Steps of quantity and price; None leaves prices as they are.
    fee_rate
        Of every fill: Freqtrade has one for all.
    min_notional
        Least value of an order, quote currency; None is none.
    """
    base, _, rest = symbol.partition("/")
    quote, _, settle = rest.partition(":")
    nothing = {"min": None, "max": None}
    return {
        "id": f"{base}{quote}",
        "symbol": symbol,
        "base": base,
        "quote": quote,
        "settle": settle or None,
        "baseId": base,
        "quoteId": quote,
        "settleId": settle or None,
        "type": "swap" if settle else "spot",
        "spot": not settle,
        "margin": False,
        "swap": bool(settle),
        "future": False,
        "option": False,
        "active": True,
        "contract": bool(settle),
        "linear": True if settle else None,
        "inverse": False if settle else None,
        "contractSize": 1.0 if settle else None,
        "taker": fee_rate,
        "maker": fee_rate,
        "percentage": True,
        "tierBased": False,
        "precision": {"amount": lot, "price": tick},
        "limits": {
            "leverage": {"min": 1.0, "max": max_leverage},
            "amount": nothing,
            "price": nothing,
            "cost": {"min": min_notional, "max": None},
        },
        "info": {},
    }
