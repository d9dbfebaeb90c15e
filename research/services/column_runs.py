"""Parameter sets tried on an engine: broadcast where that gives the same, else one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.domain.errors import PlatformError
from portfolio.metrics.columns import KEYS, ColumnFills, summarise_columns
from portfolio.metrics.summary import summarise
from research.domain.backtest import BacktestRequest, Market
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import check_supported
from research.engines.decisions import read_targets
from research.engines.exceptions import UnsupportedFeature
from research.engines.funding import with_due_funding
from research.engines.registry import get_engine
from research.engines.vectorbt import columns
from research.services.prepared import PreparedRun
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

_BROADCASTS = "vectorbt"


@dataclass(frozen=True, slots=True)
class Tried:
    """What one set came to: its metrics by key, null where undefined, or why it failed."""

    metrics: dict[str, float | None]
    error: str = ""


def chunk_size(*, bars: int, budget_bytes: int) -> int:
    """Return how many sets are tried at once within a budget of memory."""
    return columns.chunk_size(bars, budget_bytes)


def try_sets(prepared: PreparedRun, sets: Sequence[dict[str, Value]]) -> list[Tried]:
    """Return what each set came to, in the order given.

    Raises
    ------
    UnsupportedFeature
        If the engine cannot do what the question needs, whatever the parameters.
    """
    engine = get_engine(prepared.question.engine)
    market = with_due_funding(prepared.loaded.market)
    tasks = [_task(engine, market, _ask(prepared, params)) for params in sets]
    found: dict[int, Tried] = {
        number: Tried({}, task.detail)
        for number, task in enumerate(tasks)
        if isinstance(task, PlatformError)
    }
    sound = {number: task for number, task in enumerate(tasks) if isinstance(task, Task)}
    if prepared.question.engine == _BROADCASTS and all(map(_can_broadcast, sound.values())):
        found |= dict(zip(sound, _broadcast(list(sound.values())), strict=True))
    else:
        found |= {number: _alone(engine, task) for number, task in sound.items()}
    return [found[number] for number in range(len(sets))]


def _ask(prepared: PreparedRun, params: dict[str, Value]) -> BacktestRequest:
    if not isinstance(prepared.request, BacktestRequest):
        raise UnsupportedFeature("only a strategy of the platform can be swept")
    return replace(prepared.request, params=params)


def _task(
    engine: BacktestEngine, market: Market, request: BacktestRequest
) -> Task | PlatformError:
    strategy = request.strategy
    if not isinstance(strategy, Strategy):
        raise UnsupportedFeature("only a strategy that has targets can be swept")
    try:
        check_supported(
            engine=engine.name, can=engine.capabilities, request=request, market=market
        )
        own = _own_warm_up(market, strategy.warm_up(request.params))
        return Task(
            request=request,
            market=own,
            targets=read_targets(request, own),
            stops=strategy.stops(request.params),
        )
    except PlatformError as error:
        return error


def _own_warm_up(market: Market, rows: int) -> Market:
    """Return the market with no more bars before the period than a set asks for."""
    spare = max(market.first - rows, 0)
    if not spare:
        return market
    bars = market.bars.rows(spare, len(market.bars))
    return replace(market, bars=bars, first=market.first - spare)


def _can_broadcast(task: Task) -> bool:
    try:
        columns.check_columns(task)
    except UnsupportedFeature:
        return False
    return True


def _broadcast(tasks: list[Task]) -> list[Tried]:
    if not tasks:
        return []
    found = columns.run_columns(tasks)
    market = tasks[0].market
    figures = summarise_columns(
        fills=ColumnFills(
            column=found.column, signed=found.signed, price=found.price, fee=found.fee
        ),
        equity=found.equity,
        quantity=found.quantity,
        bars=market.period,
        initial_cash=tasks[0].request.cash,
        lot=float(market.instrument.lot),
    )
    rows = np.column_stack([figures[key] for key in KEYS]).tolist()
    return [
        Tried({
            key: value if np.isfinite(value) else None
            for key, value in zip(KEYS, row, strict=True)
        })
        for row in rows
    ]


def _alone(engine: BacktestEngine, task: Task) -> Tried:
    try:
        result = engine.run(task.request, task.market)
    except PlatformError as error:
        return Tried({}, error.detail)
    if result.ruined:
        return Tried({}, "equity fell to zero or below")
    summary = summarise(
        fills=result.fills,
        equity=result.equity,
        bars=task.market.period.rows(0, len(result.equity)),
        initial_cash=task.request.cash,
        lot=float(task.market.instrument.lot),
    )
    return Tried({
        key: None if value is None else float(value)
        for key, value in summary.values.items()
        if key in KEYS
    })
