"""What becomes of the chosen set at doubled costs, one bar late, and next to its parameters."""

from dataclasses import replace

import numpy as np

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.costs import CostModel
from common.domain.enums import RunStatus
from research.compute import set_trials
from research.domain.backtest import BacktestRequest
from research.domain.question import RunQuestion
from research.domain.set_list import SetList
from research.domain.validation_question import ValidationQuestion
from research.engines.registry import get_engine
from research.models import Run, Sweep
from research.services.backtests import run_backtest
from research.services.prepared import PreparedRun
from research.services.sweep_sittings import Means
from research.services.sweeps import run_sweep
from research.validation.delayed import Delayed
from research.validation.exceptions import NotComputable
from research.validation.gates import Undefined
from research.validation.lookahead import LookAhead, look_ahead_test
from research.validation.neighbourhood import neighbours, share_positive
from research.validation.sharpe import estimate
from trading.strategies.base import Strategy
from trading.strategies.causality import InvalidTargets

# Each of some 150 cuts asks the strategy anew; more bars find little that these do not.
LOOK_AHEAD_BARS = 20_000


def doubled(costs: CostModel) -> CostModel:
    """Return twice the fees and the slippage; a rebate stays what it is.

    Raises
    ------
    NotComputable
        If there are none: twice nothing is nothing.
    InvalidArgument
        If twice a rate is a hundred percent or more.

    Examples
    --------
    >>> doubled(CostModel(fee_rate=0.001, maker_fee_rate=-0.001, slippage=0.0005))
    CostModel(fee_rate=0.002, maker_fee_rate=-0.001, slippage=0.001, funding=True)
    """
    if not (costs.fee_rate or costs.slippage):
        raise NotComputable("fees and slippage are zero, and twice nothing is nothing")
    return replace(
        costs,
        fee_rate=2 * costs.fee_rate,
        maker_fee_rate=max(2 * costs.maker_fee_rate, costs.maker_fee_rate),
        slippage=2 * costs.slippage,
    )


def run_doubled(
    question: RunQuestion, *, store: SeriesStore, clock: Clock, user_id: int | None
) -> Run:
    """Run the question at doubled costs, in the ledger.

    Raises
    ------
    PlatformError
        As `doubled` and `run_backtest`.
    """
    costs = doubled(question.costs)
    return run_backtest(
        question=replace(question, costs=costs), store=store, clock=clock, user_id=user_id
    )


def total_return(run: Run) -> float:
    """Return what a run earned, a fraction.

    Raises
    ------
    NotComputable
        If it did not succeed.
    """
    if run.status != RunStatus.SUCCEEDED:
        raise NotComputable(f"{run} is {run.status}: {run.error_detail}")
    return float(run.metrics["total_return"])


def delayed_sharpe(prepared: PreparedRun) -> float:
    """Return the daily Sharpe ratio if every target is read one bar later.

    Raises
    ------
    NotComputable
        If the returns do not vary.
    PlatformError
        As the engine.
    """
    request, market = _request(prepared), prepared.loaded.market
    late = replace(request, strategy=Delayed(_strategy(request)))
    result = get_engine(prepared.question.engine).run(late, market)
    return estimate(set_trials.days_of(result, late, market).returns).sharpe


def try_neighbours(
    question: ValidationQuestion,
    *,
    chosen: PreparedRun,
    store: SeriesStore,
    clock: Clock,
    user_id: int | None,
) -> Sweep:
    """Try the sets around the chosen one, each a trial of the ledger.

    Raises
    ------
    NotComputable
        If there are none.
    """
    request = _request(chosen)
    around = neighbours(_strategy(request), request.params)
    asked = replace(
        question.sweep,
        question=replace(question.sweep.question, params={}),
        grid=SetList(around),
    )
    return run_sweep(question=asked, means=Means(store=store, clock=clock), user_id=user_id)


def neighbourhood(sweep: Sweep) -> float:
    """Return the share of the swept neighbours that earn; one that failed does not.

    Raises
    ------
    NotComputable
        If they were not all tried.
    """
    if sweep.status != RunStatus.SUCCEEDED:
        raise NotComputable(f"{sweep} of the neighbours is {sweep.status}: {sweep.error_detail}")
    results = sweep.trials.values_list("metrics__total_return", flat=True)
    return share_positive([np.nan if value is None else value for value in results])


def look_ahead(prepared: PreparedRun, rng: np.random.Generator) -> LookAhead | Undefined:
    """Cut the bars and see whether an earlier target changes."""
    request, bars = _request(prepared), prepared.loaded.market.bars
    part = bars.rows(max(len(bars) - LOOK_AHEAD_BARS, 0), len(bars))
    try:
        return look_ahead_test(_strategy(request), part, request.params, rng=rng)
    except (NotComputable, InvalidTargets) as e:
        return Undefined(e.detail)


def _request(prepared: PreparedRun) -> BacktestRequest:
    if not isinstance(prepared.request, BacktestRequest):
        raise NotComputable("only a strategy of the platform can be validated")
    return prepared.request


def _strategy(request: BacktestRequest) -> Strategy:
    if not isinstance(request.strategy, Strategy):
        raise NotComputable(f"strategy {request.strategy.key} has no targets: it quotes")
    return request.strategy
