"""Installed engines on bars, faults planted in them, and markets to compare them on."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import override

import numpy as np

from common.domain.bars import Bars
from common.domain.costs import CostModel, SizingMode
from common.domain.fills import Fills
from research.domain.backtest import BacktestRequest, BacktestResult, Execution, Market
from research.engines.base import BacktestEngine, Task
from research.engines.book import keep_book
from research.engines.registry import get_engine, list_engines
from research.parity.facts import Facts, Terms
from research.parity.money import PairReport, compare_pair

BAR_ENGINES = [
    each.name for each in list_engines() if each.installed and each.capabilities["bars"]
]

type Fault = Callable[[Fills, Bars], Fills]


def planted(name: str, fault: Fault) -> BacktestEngine:
    """Return the engine of that name with a fault in what it did, its own account included."""
    real = type(get_engine(name))

    class Faulty(real):  # type: ignore[misc, valid-type]
        @override
        def _execute(self, task: Task) -> Execution:
            return falsify(super()._execute(task), task, fault)

    engine: BacktestEngine = Faulty()
    return engine


def falsify(execution: Execution, task: Task, fault: Fault) -> Execution:
    """Return what an engine with that fault would report."""
    bars = task.market.period
    fills = fault(execution.fills, bars)
    lot = float(task.market.instrument.lot)
    book = keep_book(fills=fills, bars=bars, cash=task.request.cash, lot=lot)
    return replace(
        execution,
        fills=fills,
        equity=book.equity,
        cash=float(book.cash[-1]),
        quantity=float(book.quantity[-1]),
    )


def dearer(fills: Fills, bars: Bars) -> Fills:
    """Take a fee that is a tenth too high, on every fill."""
    changed = fills.copy()
    changed["fee"] *= 1.1
    return changed


def late(fills: Fills, bars: Bars) -> Fills:
    """Fill everything one stored bar late, at that bar's open and for the fee on that price."""
    changed = fills.copy()
    row = np.minimum(np.searchsorted(bars.open_ns, fills["ts_ns"]) + 1, len(bars) - 1)
    changed["ts_ns"], changed["price"] = bars.open_ns[row], bars.open[row]
    changed["fee"] *= changed["price"] / fills["price"]
    return changed


def dropped(at: int) -> Fault:
    """Lose one fill."""
    return lambda fills, bars: np.delete(fills, at)


def charging(rate: float) -> CostModel:
    """Return the costs of an engine that reckons with another fee rate."""
    return CostModel(fee_rate=rate)


def compare(
    a: BacktestResult, b: BacktestResult, request: BacktestRequest, market: Market
) -> PairReport:
    """Compare two results of one request."""
    terms = Terms(
        bars=market.period,
        cash=request.cash,
        lot=market.instrument.lot,
        tick=market.instrument.tick,
        min_notional=market.instrument.min_notional,
        by_equity=request.sizing.mode is SizingMode.EQUITY_FRACTION,
    )
    one, two = (Facts(name=each.engine, fills=each.fills, funding=each.funding) for each in (a, b))
    return compare_pair(a=one, b=two, terms=terms)


def exact_equity(fills: Fills, close: float, cash: float) -> float:
    """Return the final equity that fills make, in decimals."""
    left = Decimal(cash)
    for fill in fills:
        signed = int(fill["side"]) * Decimal(fill["quantity"].item())
        left += signed * (Decimal(close) - Decimal(fill["price"].item()))
        left -= Decimal(fill["fee"].item())
    return float(left)
