"""Run a strategy on an engine over stored bars, and keep the result."""

from dataclasses import replace
from time import perf_counter
from typing import Final

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.domain.fills import FILL_DTYPE
from common.domain.memory import peak_rss_bytes
from portfolio.metrics.summary import summarise
from research.compute.failures import describe_error
from research.domain.backtest import BacktestRequest, BacktestResult, NativeRequest
from research.domain.question import RunQuestion
from research.engines.base import BacktestEngine
from research.engines.exceptions import InvariantViolated, UnsupportedFeature
from research.engines.registry import get_engine
from research.exceptions import (
    AccountRuined,
    DirtyData,
    FundingMissing,
    Interrupted,
    UnexpectedFailure,
)
from research.models import Run
from research.services import artefacts, datasets, ledger
from research.services.prepared import PreparedRun
from research.services.preparing import check_source, prepare

REFUSALS: Final = (DirtyData, FundingMissing, UnsupportedFeature)


def run_backtest(
    *, question: RunQuestion, store: SeriesStore, clock: Clock, user_id: int | None = None
) -> Run:
    """Run what is asked and return its row, which is in a final state.

    What is wrong with the question raises before there is a row. From then on
    every outcome is a row: SUCCEEDED; REFUSED for data or features that must
    not be used; FAILED, with its error; CANCELED by an interrupt.

    Raises
    ------
    PlatformError
        UnknownEngine, EngineNotInstalled, UnknownStrategy, InvalidParameter,
        UnknownInstrument, SeriesNotFound or NoBarsInPeriod; and UnexpectedFailure
        as `run_prepared`.
    """
    began = perf_counter()
    prepared = prepare(question=question, store=store)
    return run_prepared(prepared=prepared, clock=clock, user_id=user_id, began=began)


def run_prepared(
    *,
    prepared: PreparedRun,
    clock: Clock,
    user_id: int | None = None,
    began: float | None = None,
) -> Run:
    """Run a prepared question and return its row, which is in a final state.

    `began` is when loading began, by `time.perf_counter`; None is now.

    Raises
    ------
    UnexpectedFailure
        If the strategy raises, or there is a bug: the row is FAILED, `run_id` names
        it, and the error is the cause.
    KeyboardInterrupt
        As it came, once the row is CANCELED.
    """
    began = perf_counter() if began is None else began
    ledger.fail_lost_runs(at=clock.now())
    run = ledger.begin_run(prepared=prepared, user_id=user_id, at=clock.now())

    def end(outcome: ledger.Outcome) -> Run:
        timings = {**outcome.timings, "total_s": perf_counter() - began}
        measured = replace(outcome, timings=timings, peak_rss_bytes=peak_rss_bytes())
        return ledger.end_run(run=run, outcome=measured, at=clock.now())

    try:
        outcome = _execute(run=run, prepared=prepared, began=began)
    except PlatformError as error:
        status = RunStatus.REFUSED if isinstance(error, REFUSALS) else RunStatus.FAILED
        outcome = ledger.Outcome(status=status, error=error)
    except KeyboardInterrupt:
        interrupted = Interrupted("stopped before it was done")
        end(ledger.Outcome(status=RunStatus.CANCELED, error=interrupted))
        raise
    except (Exception, SystemExit) as error:
        # A strategy may raise anything, and may even ask the process to end.
        failure = UnexpectedFailure(describe_error(error), run_id=run.pk)
        end(ledger.Outcome(status=RunStatus.FAILED, error=failure))
        raise failure from error
    return end(outcome)


def _execute(*, run: Run, prepared: PreparedRun, began: float) -> ledger.Outcome:
    datasets.check_market(loaded=prepared.loaded, question=prepared.question)
    engine = get_engine(prepared.question.engine)
    check_funding(engine, prepared)
    loaded_at = perf_counter()
    try:
        result = _run(engine, prepared)
    except InvariantViolated as violation:
        return _keep(violation, run=run, prepared=prepared)
    timings = {"load_s": loaded_at - began, "engine_s": perf_counter() - loaded_at}
    datasets.check_unchanged(prepared.loaded)
    return judge(run=run, prepared=prepared, result=result, timings=timings)


def _keep(violation: InvariantViolated, *, run: Run, prepared: PreparedRun) -> ledger.Outcome:
    """Keep what an engine reported that contradicts itself, as far as it has the right form."""
    failed = ledger.Outcome(status=RunStatus.FAILED, error=violation)
    execution, open_ns = violation.execution, prepared.loaded.period.open_ns
    if (
        execution is None
        or execution.fills.dtype != FILL_DTYPE
        or execution.equity.shape != open_ns.shape
    ):
        return failed
    reported = BacktestResult(
        engine=prepared.question.engine,
        engine_version=prepared.engine_version,
        fills=execution.fills,
        equity=execution.equity,
        cash=execution.cash,
        quantity=execution.quantity,
        funding=execution.funding,
    )
    files = artefacts.write_facts(run=run, result=reported, open_ns=open_ns)
    return replace(failed, files=files, n_fills=len(reported.fills))


def _run(engine: BacktestEngine, prepared: PreparedRun) -> BacktestResult:
    request, market = prepared.request, prepared.loaded.market
    if isinstance(request, NativeRequest):
        result = engine.run_native(request, market)
        check_source(request.path, prepared.strategy_version)
        return result
    if not isinstance(request, BacktestRequest):
        raise TypeError(f"{type(request).__name__} runs in a process of its own")
    return engine.run(request, market)


def check_funding(engine: BacktestEngine, prepared: PreparedRun) -> None:
    """Refuse a perpetual's funding where the engine cannot book it.

    The engine refuses too, but does not know what to do about it here.

    Raises
    ------
    UnsupportedFeature
        If it cannot.
    """
    instrument = prepared.loaded.market.instrument
    if (
        datasets.books_funding(prepared.request.costs, instrument)
        and not engine.capabilities.funding
    ):
        raise UnsupportedFeature(
            f"engine {engine.name} cannot book the funding of {instrument.id};"
            " --no-funding runs without it, which the ledger records",
            engine=engine.name,
            features=["funding"],
        )


def judge(
    *,
    run: Run,
    prepared: PreparedRun,
    result: BacktestResult,
    timings: dict[str, float],
) -> ledger.Outcome:
    """Compute the metrics of what an engine did, and write its facts to the disk.

    Raises
    ------
    ArtefactNotWritten
        If the disk refuses.
    """
    bars = prepared.loaded.period.rows(0, len(result.equity))
    summary = summarise(
        fills=result.fills,
        equity=result.equity,
        bars=bars,
        initial_cash=prepared.request.cash,
        lot=float(prepared.loaded.market.instrument.lot),
        funding_paid=-float(result.funding["amount"].sum()),
    )
    funding = {"funding_paid": summary.funding_paid} if len(result.funding) else {}
    files = artefacts.write_facts(run=run, result=result, open_ns=bars.open_ns)
    equity = {
        "first": float(result.equity[0]),
        "last": float(result.equity[-1]),
        "n": len(result.equity),
    }
    ruin = AccountRuined(
        f"equity is {equity['last']:g} at the close of bar {equity['n']} of"
        f" {len(prepared.loaded.period)}; the run ends there",
        equity=equity["last"],
    )
    return ledger.Outcome(
        status=RunStatus.FAILED if result.ruined else RunStatus.SUCCEEDED,
        error=ruin if result.ruined else None,
        files=files,
        result_hash=artefacts.result_hash(result),
        n_fills=len(result.fills),
        skipped_orders=result.skipped_orders,
        equity=equity,
        metrics={**summary.values, **funding},
        undefined=summary.undefined,
        open_round_trip=summary.open_round_trip,
        timings=timings,
    )
