"""Sweeps: every set of a grid of parameters on one engine, each set a trial of the ledger."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched
from time import perf_counter

from django.db import transaction
from django.db.models import QuerySet

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from common.domain.memory import peak_rss_bytes
from exchanges.selectors.market_data import get_instrument
from exchanges.services.catalogue import register_series
from research.domain.backtest import BacktestRequest
from research.domain.question import canonical_hash
from research.domain.question_document import question_to_json
from research.domain.sweep import SweepQuestion
from research.engines.base import Progress, ignore_progress
from research.engines.registry import engine_version
from research.exceptions import (
    Interrupted,
    SweepDiffers,
    SweepFailed,
    SweepNotRunning,
    UnknownSweep,
)
from research.models import Sweep, Trial
from research.services import column_runs, datasets
from research.services.ledger import get_experiment
from research.services.owners import is_alive, process_name
from research.services.prepared import PreparedRun
from research.services.provenance import code_hash, provenance
from trading.services.catalogue import load_strategy, record_version
from trading.strategies.parameters import Value

type Observe = Callable[[Mapping[int, column_runs.Tried]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A sweep with everything it names looked up; `sets` are by their place on the grid."""

    question: SweepQuestion
    prepared: PreparedRun
    sets: dict[int, dict[str, Value]]
    n_contradictory: int

    def input_hash(self) -> str:
        """Return the hash of all that decides the trials."""
        grid = {"grid": self.question.grid.describe(), "objective": self.question.objective.metric}
        bounds = {"min_round_trips": self.question.min_round_trips}
        return canonical_hash({**self.prepared.inputs(), **grid, **bounds})


def run_sweep(
    *,
    question: SweepQuestion,
    store: SeriesStore,
    clock: Clock,
    user_id: int | None = None,
    progress: Progress = ignore_progress,
    observe: Observe | None = None,
) -> Sweep:
    """Try every set of the grid and return the sweep's row, which is in a final state.

    Parameters
    ----------
    question, store, clock
        What is tried, on what, and when it ends.
    user_id
        Who asks.
    progress
        Takes the fraction done.
    observe
        Takes what each set came to, day by day, by its number, once its trial is written.

    Raises
    ------
    PlatformError
        What is wrong with the question, before there is a row.
    KeyboardInterrupt
        As it came; the row is CANCELED, its trials so far are kept.
    """
    prepared = _prepare(question, store)
    sweep = _begin(prepared, user_id=user_id)
    return _continue(
        sweep=sweep, prepared=prepared, clock=clock, progress=progress, observe=observe
    )


def resume_sweep(
    *,
    number: int,
    question: SweepQuestion,
    store: SeriesStore,
    clock: Clock,
    progress: Progress = ignore_progress,
) -> Sweep:
    """Try the sets that a sweep whose process is gone has not tried yet.

    Raises
    ------
    UnknownSweep
        If there is none of that number.
    SweepNotRunning
        If it has ended, or its process is still there.
    SweepDiffers
        If the question, the bars or the code are not those it began with.
    """
    prepared = _prepare(question, store)
    sweep = Sweep.objects.filter(pk=number).first()
    if sweep is None:
        raise UnknownSweep(f"no sweep {number}", sweep=number)
    if (sweep.input_hash, sweep.code_hash) != (prepared.input_hash(), code_hash()):
        raise SweepDiffers(
            f"{sweep} began with another question, other bars or other code", sweep=number
        )
    before = sweep.owner
    abandoned = sweep.status == RunStatus.RUNNING and not is_alive(before)
    if not abandoned or not Sweep.objects.filter(
        pk=number, status=RunStatus.RUNNING, owner=before
    ).update(owner=process_name()):
        raise SweepNotRunning(f"{sweep} has ended, or {before} runs it", sweep=number)
    sweep.refresh_from_db()
    return _continue(sweep=sweep, prepared=prepared, clock=clock, progress=progress)


def _prepare(question: SweepQuestion, store: SeriesStore) -> _Prepared:
    asked = question.question
    version = engine_version(asked.engine)
    strategy = load_strategy(asked.strategy_key)
    found = list(question.grid.sets(strategy, asked.params))
    sets = {number: params for number, params in enumerate(found) if params is not None}
    instrument = get_instrument(asked.instrument)
    warm_up = max((strategy.warm_up(params) for params in sets.values()), default=0)
    loaded = datasets.load_market(
        store=store, spec=instrument.spec, question=asked, warm_up=warm_up
    )
    datasets.check_market(loaded=loaded, question=asked)
    request = BacktestRequest(
        strategy=strategy,
        params=dict(asked.params),
        cash=asked.cash,
        costs=asked.costs,
        sizing=asked.sizing,
        account=asked.account,
        rebalance=asked.rebalance,
        settings=asked.settings,
        seed=asked.seed,
    )
    return _Prepared(
        question=question,
        prepared=PreparedRun(
            question=asked,
            request=request,
            strategy_version=record_version(strategy),
            series=register_series(store=store, key=loaded.key),
            loaded=loaded,
            engine_version=version,
        ),
        sets=sets,
        n_contradictory=len(found) - len(sets),
    )


def _begin(prepared: _Prepared, *, user_id: int | None) -> Sweep:
    question, run = prepared.question, prepared.prepared
    origin, sources = provenance(), code_hash()
    with transaction.atomic():
        return Sweep.objects.create(
            experiment=get_experiment(
                question=question.question, key=run.strategy_version.strategy.key, user_id=user_id
            ),
            strategy_version=run.strategy_version,
            dataset=datasets.record_dataset(series=run.series, loaded=run.loaded),
            created_by_id=user_id,
            engine=question.question.engine,
            engine_version=run.engine_version,
            question=question_to_json(question.question),
            grid=question.grid.describe(),
            objective=question.objective.metric,
            min_round_trips=question.min_round_trips,
            input_hash=prepared.input_hash(),
            provenance=origin,
            code_hash=sources,
            status=RunStatus.RUNNING,
            owner=process_name(),
            n_sets=question.grid.size,
            n_contradictory=prepared.n_contradictory,
        )


def _continue(
    *,
    sweep: Sweep,
    prepared: _Prepared,
    clock: Clock,
    progress: Progress,
    observe: Observe | None = None,
) -> Sweep:
    began = perf_counter()

    def end(status: RunStatus, error: PlatformError | None = None) -> Sweep:
        timings = {"sittings_s": [*sweep.timings.get("sittings_s", []), perf_counter() - began]}
        return _end(sweep, status=status, error=error, timings=timings, at=clock.now())

    try:
        for done in _try_sets(sweep, prepared, observe):
            progress(done)
        _check_any_ran(sweep)
    except PlatformError as error:
        return end(RunStatus.FAILED, error)
    except KeyboardInterrupt:
        end(RunStatus.CANCELED, Interrupted("stopped before it was done"))
        raise
    return end(RunStatus.SUCCEEDED)


def _check_any_ran(sweep: Sweep) -> None:
    # A set that ruins the account is an answer; a sweep of nothing but errors is none.
    failed = sweep.trials.exclude(error__in=("", column_runs.RUINED))
    first = failed.order_by("number").first()
    if first is not None and failed.count() == sweep.trials.count():
        raise SweepFailed(
            f"all {failed.count()} sets failed, the first with: {first.error}", sweep=sweep.pk
        )


def _try_sets(sweep: Sweep, prepared: _Prepared, observe: Observe | None) -> Iterator[float]:
    """Write the trials that are missing, chunk by chunk, and yield the fraction done."""
    written = set(sweep.trials.values_list("number", flat=True))
    missing = [number for number in prepared.sets if number not in written]
    loaded = prepared.prepared.loaded
    size = column_runs.chunk_size(
        bars=len(loaded.period), budget_bytes=prepared.question.budget_bytes
    )
    for chunk in batched(missing, size):
        sets = [prepared.sets[number] for number in chunk]
        found = column_runs.try_sets(prepared.prepared, sets, by_day=observe is not None)
        tried = dict(zip(chunk, found, strict=True))
        _write(sweep, prepared, tried)
        if observe is not None:
            observe(tried)
        written.update(chunk)
        yield len(written) / len(prepared.sets)


def _write(sweep: Sweep, prepared: _Prepared, tried: Mapping[int, column_runs.Tried]) -> None:
    # One transaction a chunk: a process that is killed loses this chunk and no other.
    with transaction.atomic():
        Trial.objects.bulk_create(
            Trial(
                sweep=sweep,
                number=number,
                params=prepared.sets[number],
                trial_hash=_trial_hash(prepared.prepared, prepared.sets[number]),
                metrics=each.metrics,
                value=prepared.question.value_of(each.metrics),
                error=each.error,
            )
            for number, each in tried.items()
        )
        sweep.progress = min(max(tried) / prepared.question.grid.size, 1.0)
        if not _held(sweep).update(progress=sweep.progress):
            raise SweepNotRunning(f"{sweep} is not of this process any more", sweep=sweep.pk)


def _held(sweep: Sweep) -> QuerySet[Sweep]:
    return Sweep.objects.filter(pk=sweep.pk, status=RunStatus.RUNNING, owner=sweep.owner)


def _trial_hash(prepared: PreparedRun, params: dict[str, Value]) -> str:
    request = replace(prepared.request, params=params)
    return canonical_hash(replace(prepared, request=request).trial())


@transaction.atomic
def _end(
    sweep: Sweep,
    *,
    status: RunStatus,
    error: PlatformError | None,
    timings: dict[str, list[float]],
    at: datetime,
) -> Sweep:
    if not _held(sweep).update(
        status=status,
        progress=1.0 if status is RunStatus.SUCCEEDED else sweep.progress,
        error_code=error.code if error else "",
        error_detail=error.detail if error else "",
        timings=timings,
        peak_rss_bytes=peak_rss_bytes(),
        finished_at=at,
    ):
        raise SweepNotRunning(f"{sweep} has ended or is not of this process", sweep=sweep.pk)
    sweep.refresh_from_db()
    return sweep
