"""What an engine can do, and the refusal of everything else."""

from dataclasses import dataclass, fields

from common.domain.costs import AccountType, Rebalance
from common.domain.enums import MarketType
from research.domain.backtest import BacktestRequest, Market
from research.engines.exceptions import NeedsMargin, UnsupportedFeature


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One flag a feature; what is not declared is refused, never approximated."""

    bars: bool = False
    """Executes on bars by the canonical rule."""

    events: bool = False
    """Executes on recorded trades and order-book events."""

    order_book: bool = False
    """Keeps a book and the place of an order in its queue."""

    limit_orders: bool = False
    """Rests orders at a price and fills them as maker."""

    short_selling: bool = False
    """Holds negative positions on a margin account."""

    stops: bool = False
    """Executes stop losses, take profits and trailing stops between targets."""

    funding: bool = False
    """Books the funding of perpetuals."""

    every_bar: bool = False
    """Rebalances at every target, not only when it changes."""

    def describe(self) -> dict[str, bool]:
        """Return the flags by name."""
        return {flag.name: getattr(self, flag.name) for flag in fields(self)}


def check_supported(
    *, engine: str, can: Capabilities, request: BacktestRequest, market: Market
) -> None:
    """Refuse a request that the engine or the account cannot serve.

    Raises
    ------
    NeedsMargin
        If the strategy can go short and the account is cash.
    UnsupportedFeature
        If the request needs a feature that the engine does not declare.
    """
    strategy, params = request.strategy, request.params
    shorts = strategy.can_short(params)
    if shorts and request.account is AccountType.CASH:
        raise NeedsMargin(
            f"strategy {strategy.key} can go short with these parameters:"
            " that needs a margin account, this one is cash",
            strategy=strategy.key,
        )
    perpetual = market.instrument.id.market_type is MarketType.LINEAR_PERPETUAL
    needed = {
        "bars": True,
        "short_selling": shorts,
        "stops": strategy.stops(params) is not None,
        "funding": perpetual and request.costs.funding,
        "every_bar": request.rebalance is Rebalance.EVERY_BAR,
    }
    able = can.describe()
    missing = [feature for feature, wanted in needed.items() if wanted and not able[feature]]
    if missing:
        raise UnsupportedFeature(
            f"engine {engine} does not support {', '.join(missing)}, which this run needs",
            engine=engine,
            features=[*missing],
        )
