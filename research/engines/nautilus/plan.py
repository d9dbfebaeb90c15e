"""What the strategy inside NautilusTrader follows: one entry a bar; no framework."""

from dataclasses import dataclass
from decimal import Decimal

from research.engines.base import Task
from research.engines.decisions import find_decisions
from research.engines.nautilus.sizing import Sizer
from trading.strategies.base import StopSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Targets by bar, and how they become orders.

    Parameters
    ----------
    targets, decided, closes
        By bar: wanted exposure, whether it makes an order, and the close it is sized at.
    sizer
        Turns them into lots.
    cash
        Starting cash, quote currency.
    slippage
        Mean distance of a fill from its price, a fraction.
    stops
        Exits beside the targets.
    """

    targets: list[float]
    decided: list[bool]
    closes: list[float]
    sizer: Sizer
    cash: float
    slippage: float = 0.0
    stops: StopSpec | None = None

    @classmethod
    def of(cls, task: Task, lot: Decimal | None = None) -> "Plan":
        """Return the plan of a task, in lots of the instrument where no other is given."""
        request, market = task.request, task.market
        return cls(
            targets=task.exposures.tolist(),
            decided=find_decisions(task.exposures, request.rebalance).tolist(),
            closes=market.period.close.tolist(),
            sizer=Sizer.of(request, market.instrument, lot or market.instrument.lot),
            cash=request.cash,
            slippage=request.costs.slippage,
            stops=task.stops,
        )
