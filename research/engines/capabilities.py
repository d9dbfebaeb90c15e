"""What an engine can do, and the refusal of everything else."""

from dataclasses import dataclass, fields
from typing import Final

from common.domain.costs import AccountType, Rebalance
from common.domain.enums import MarketType
from research.domain.backtest import BacktestRequest, Market, NativeRequest
from research.domain.settings import EngineSettings, ExecutionStyle
from research.engines.exceptions import NeedsMargin, UnsupportedFeature
from trading.strategies.base import Strategy

# What means something only where events are replayed.
_ON_EVENTS: Final = (
    "latency", "recorded_latency", "queue_models", "maker_orders", "partial_fills",
)  # fmt: skip


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

    native: bool = False
    """Runs a person's own strategy file, written for this engine."""

    quotes: bool = False
    """Asks a quoting strategy for a bid and an ask at a fixed interval."""

    latency: bool = False
    """Delays orders and answers by constant times, on events."""

    recorded_latency: bool = False
    """Takes latencies from the recorded events."""

    queue_models: bool = False
    """Offers several models of an order's place in its queue."""

    maker_orders: bool = False
    """Executes targets by resting orders, on events."""

    partial_fills: bool = False
    """Fills resting orders in part, with our own account of the pieces."""

    detail: bool = False
    """Decides what happened inside a bar by finer bars."""

    protections: bool = False
    """Locks entries after losses by Freqtrade's protections."""

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
        If the request needs a feature that the engine does not declare, or one that
        only recorded events have on bars, or bars alone on events.
    """
    strategy, params = request.strategy, request.params
    quotes = not isinstance(strategy, Strategy)
    shorts = not isinstance(strategy, Strategy) or strategy.can_short(params)
    if shorts and request.account is AccountType.CASH:
        raise NeedsMargin(
            f"strategy {strategy.key} can go short with these parameters:"
            " that needs a margin account, this one is cash",
            strategy=strategy.key,
        )
    needed = {
        **_needed_by(request, market),
        "short_selling": shorts,
        "stops": isinstance(strategy, Strategy) and strategy.stops(params) is not None,
        "every_bar": request.rebalance is Rebalance.EVERY_BAR,
        "quotes": quotes,
    }
    _refuse_missing(engine, can, needed)
    _refuse_mixture(engine, needed, request=request, market=market)


def check_native_supported(
    *, engine: str, can: Capabilities, request: NativeRequest, market: Market
) -> None:
    """Refuse a strategy file that the engine cannot run as asked.

    Raises
    ------
    UnsupportedFeature
        As `check_supported`.
    """
    needed = {
        **_needed_by(request, market),
        "native": True,
        "short_selling": request.account is AccountType.MARGIN,
    }
    _refuse_missing(engine, can, needed)
    _refuse_mixture(engine, needed, request=request, market=market)


def _needed_by(request: BacktestRequest | NativeRequest, market: Market) -> dict[str, bool]:
    perpetual = market.instrument.id.market_type is MarketType.LINEAR_PERPETUAL
    return {
        "bars": market.events is None,
        "events": market.events is not None,
        "funding": perpetual and request.costs.funding,
        **_needed_by_settings(request.settings),
    }


def _needed_by_settings(settings: EngineSettings) -> dict[str, bool]:
    changed = settings.changed()
    return {
        "latency": "order_latency_ns" in changed or "response_latency_ns" in changed,
        "recorded_latency": settings.recorded_latency,
        "queue_models": "queue" in changed or "queue_power" in changed,
        "maker_orders": settings.execution is ExecutionStyle.MAKER,
        "partial_fills": settings.partial_fills,
        "detail": settings.detail is not None,
        "protections": bool(settings.protections),
    }


def _refuse_missing(engine: str, can: Capabilities, needed: dict[str, bool]) -> None:
    able = can.describe()
    missing = [feature for feature, wanted in needed.items() if wanted and not able[feature]]
    if missing:
        without_events = "bars" in missing and able["events"]
        hint = ": it replays recorded events, import_events stores some" if without_events else ""
        raise UnsupportedFeature(
            f"engine {engine} does not support {', '.join(missing)}, which this run needs{hint}",
            engine=engine,
            features=[*missing],
        )


def _refuse_mixture(
    engine: str,
    needed: dict[str, bool],
    *,
    request: BacktestRequest | NativeRequest,
    market: Market,
) -> None:
    if market.events is None:
        mixed = [feature for feature in (*_ON_EVENTS, "quotes") if needed.get(feature)]
        what = "needs recorded events, this run is on bars"
    else:
        mixed = ["detail"] if needed["detail"] else []
        mixed += ["slippage"] if request.costs.slippage else []
        mixed += ["every_bar"] if needed.get("every_bar") else []
        what = "is for bars, this run is on recorded events"
    if mixed:
        raise UnsupportedFeature(f"{', '.join(mixed)} {what}", engine=engine, features=[*mixed])
