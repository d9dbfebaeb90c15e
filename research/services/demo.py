"""The main job on a fresh machine: bars, checks, every strategy on every engine, the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.data_pipeline.quality import QualityReport, check_bars
from common.data_pipeline.store import SeriesStore
from common.domain.canonical import canonical_hash
from common.domain.clock import Clock
from common.domain.costs import CostModel
from research.domain.demo import DemoBars
from research.domain.question import RunQuestion
from research.exceptions import UnexpectedFailure
from research.models import Run
from research.selectors.runs import find_equal, get_run
from research.services.backtests import run_prepared
from research.services.preparing import prepare
from research.services.provenance import code_hash, lock_hash

DEMO_EXPERIMENT = "demo"
DEMO_STRATEGIES = (
    "buy_and_hold",
    "sma_cross",
    "ema_adx",
    "rsi_reversion",
    "bollinger_reversion",
    "donchian_breakout",
    "vol_target_momentum",
)


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A run of the demo, and whether the ledger had it already."""

    run: Run
    was_known: bool


def check(*, bars: DemoBars, store: SeriesStore) -> QualityReport:
    """Return what is wrong with the bars that the demo uses; the series may have others."""
    return check_bars(store.iter_bars(bars.key, bars.start_ns, bars.end_ns), bars.timeframe)


def questions(
    bars: DemoBars, engines: Sequence[str], *, funding: bool = True
) -> list[RunQuestion]:
    """Return every strategy on every engine, with default parameters, strategy by strategy."""
    return [
        RunQuestion(
            strategy_key=strategy,
            engine=engine,
            instrument=bars.key.instrument,
            timeframe=bars.timeframe,
            start_ns=bars.start_ns,
            end_ns=bars.end_ns,
            costs=CostModel(funding=funding),
            experiment=DEMO_EXPERIMENT,
        )
        for strategy in DEMO_STRATEGIES
        for engine in engines
    ]


def find_or_run(*, question: RunQuestion, store: SeriesStore, clock: Clock) -> DemoRun:
    """Return the ledger's run of equal inputs on equal code and libraries, or run it now.

    A run that fails, in whatever way, is returned like any other: the next may do better.

    Raises
    ------
    PlatformError
        As `run_backtest`, for what leaves no run.
    """
    prepared = prepare(question=question, store=store)
    known = find_equal(
        input_hash=canonical_hash(prepared.inputs()),
        code_hash=code_hash(),
        lock_hash=lock_hash(),
    )
    if known is not None:
        return DemoRun(known, was_known=True)
    try:
        run = run_prepared(prepared=prepared, clock=clock)
    except UnexpectedFailure as failure:
        run = get_run(failure.run_id)
    return DemoRun(run, was_known=False)
