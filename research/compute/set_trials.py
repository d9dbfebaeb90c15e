"""Parameter sets tried on an engine: broadcast where that gives the same, else one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import PlatformError
from portfolio.metrics.columns import KEYS, ColumnFills, summarise_columns
from portfolio.metrics.round_trips import round_trips
from portfolio.metrics.summary import summarise
from research.compute.exceptions import StrategyRaised
from research.compute.failures import describe_error
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import check_supported
from research.engines.decisions import read_targets
from research.engines.exceptions import UnsupportedFeature
from research.engines.funding import with_due_funding
from research.engines.registry import get_engine
from research.engines.vectorbt import columns
from research.validation.daily_facts import (
    DailyFacts,
    count_by_day,
    daily_returns,
    round_trips_ended,
)
from trading.strategies.base import Strategy
from trading.strategies.parameters import Params

_BROADCASTS: Final = "vectorbt"
RUINED: Final = "equity fell to zero or below"


@dataclass(frozen=True, slots=True)
class Tried:
    """What one set came to: its metrics by key, null where undefined, or why it failed.

    `daily` is there only where it was asked for, and of a set that was executed.
    """

    metrics: dict[str, float | None]
    error: str = ""
    daily: DailyFacts | None = field(default=None, compare=False)


def chunk_size(*, bars: int, budget_bytes: int) -> int:
    """Return how many sets are tried at once within a budget of memory."""
    return columns.chunk_size(bars, budget_bytes)


def try_sets(
    request: BacktestRequest,
    market: Market,
    *,
    engine: str,
    sets: Sequence[Params],
    by_day: bool = False,
) -> list[Tried]:
    """Return what each set came to, in the order given, on request also day by day.

    Parameters
    ----------
    request
        What all have in common; its own parameters are not looked at.
    market
        With at least as many bars before the period as any set asks for.
    engine
        Which one runs them.
    sets
        Full sets of parameters.

    Raises
    ------
    UnsupportedFeature
        If the engine cannot do what the question needs, whatever the parameters.
    """
    runner, funded = get_engine(engine), with_due_funding(market)
    tasks = [_task(runner, funded, replace(request, params=dict(params))) for params in sets]
    found: dict[int, Tried] = {
        number: Tried({}, task.detail)
        for number, task in enumerate(tasks)
        if isinstance(task, PlatformError)
    }
    sound = {number: task for number, task in enumerate(tasks) if isinstance(task, Task)}
    if engine == _BROADCASTS and all(map(_can_broadcast, sound.values())):
        tried = _broadcast(list(sound.values()), by_day=by_day)
        found |= dict(zip(sound, tried, strict=True))
    else:
        found |= {number: _alone(runner, task, by_day=by_day) for number, task in sound.items()}
    return [found[number] for number in range(len(sets))]


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
    except Exception as error:  # noqa: BLE001 - a person's strategy may raise anything
        # This set failed of it; the others are not touched by it.
        return StrategyRaised(describe_error(error), strategy=strategy.key)


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


def _broadcast(tasks: list[Task], *, by_day: bool) -> list[Tried]:
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
    )
    rows = np.column_stack([figures[key] for key in KEYS]).tolist()
    daily = _split_days(found, tasks[0]) if by_day else [None] * len(tasks)
    ruined = np.any(found.equity <= 0, axis=0)
    return [
        # What was lost is part of history: without it the sets left would look better.
        Tried({}, RUINED, daily=days) if is_ruined else Tried(_finite(row), daily=days)
        for row, days, is_ruined in zip(rows, daily, ruined, strict=True)
    ]


def _finite(row: list[float]) -> dict[str, float | None]:
    return {
        key: value if np.isfinite(value) else None for key, value in zip(KEYS, row, strict=True)
    }


def _split_days(found: columns.Columns, task: Task) -> list[DailyFacts]:
    open_ns = task.market.period.open_ns
    returns = daily_returns(found.equity, open_ns=open_ns, initial=task.request.cash)
    ended = round_trips_ended(_until_ruin(found), open_ns=open_ns)
    # Copies: a column of the whole would keep all of them in memory.
    return [DailyFacts(r.copy(), e.copy()) for r, e in zip(returns.T, ended.T, strict=True)]


def _until_ruin(found: columns.Columns) -> Floats:
    """Return the positions; after a ruin there is no order more, as in a run."""
    quantity = found.quantity.copy()
    for column in np.flatnonzero(np.any(found.equity <= 0, axis=0)):
        row = int(np.argmax(found.equity[:, column] <= 0))
        quantity[row + 1 :, column] = quantity[row, column]
    return quantity


def _alone(engine: BacktestEngine, task: Task, *, by_day: bool) -> Tried:
    try:
        result = engine.run(task.request, task.market)
    except PlatformError as error:
        return Tried({}, error.detail)
    daily = days_of(result, task.request, task.market) if by_day else None
    if result.ruined:
        return Tried({}, RUINED, daily=daily)
    summary = summarise(
        fills=result.fills,
        equity=result.equity,
        bars=task.market.period.rows(0, len(result.equity)),
        initial_cash=task.request.cash,
        lot=float(task.market.instrument.lot),
    )
    metrics = {
        key: None if value is None else float(value)
        for key, value in summary.values.items()
        if key in KEYS
    }
    return Tried(metrics, daily=daily)


def days_of(result: BacktestResult, request: BacktestRequest, market: Market) -> DailyFacts:
    """Return what one run came to on each UTC day; after its ruin there is nothing more."""
    bars = market.period
    marks = np.zeros(len(bars))
    marks[: len(result.equity)] = result.equity
    trips = round_trips(
        result.fills,
        lot=float(market.instrument.lot),
        bars=bars.rows(0, len(result.equity)),
    ).closed
    returns = daily_returns(marks[:, None], open_ns=bars.open_ns, initial=request.cash)
    return DailyFacts(returns[:, 0], count_by_day(trips["exit_ns"], open_ns=bars.open_ns))
