"""Sweeps and searches: many sets of parameters on one engine, each a trial of the ledger."""

import logging
from dataclasses import dataclass
from time import sleep
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from common.domain.canonical import canonical_hash
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument, PlatformError
from exchanges.models import Series
from exchanges.selectors.market_data import get_instrument
from exchanges.services.catalogue import register_series
from research.compute.set_files import Survey
from research.compute.set_trials import chunk_size
from research.domain.sweep import SweepQuestion
from research.engines.registry import engine_version
from research.exceptions import (
    Canceled,
    Interrupted,
    RunNotRunning,
    SweepDiffers,
    SweepNotRunning,
    WorkerStopping,
)
from research.models import FINAL_STATES, Sweep, SweepChunk
from research.selectors.sweeps import get_sweep
from research.services import datasets, searches, sweep_chunks, sweep_results
from research.services.datasets import LoadedMarket
from research.services.ledger import get_experiment
from research.services.means import Means
from research.services.messages import WORK_ON_SWEEP, tell
from research.services.prepared import PreparedRun
from research.services.provenance import code_hash, provenance
from research.services.sweep_rows import asked_columns, new_columns, question_of
from research.services.sweep_sittings import Sitting
from trading.models import StrategyVersion

logger = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.2
# So that progress shows, a pause is minded, and others can join, however slow a strategy is.
_LEAST_CHUNKS: Final = 8
_MB: Final = 1_000_000
# Each is a row, all of them written in one transaction.
_MOST_CHUNKS: Final = 100_000


def run_sweep(*, question: SweepQuestion, means: Means, user_id: int | None = None) -> Sweep:
    """Try the sets of a sweep and return its row, which is in a final state.

    Parameters
    ----------
    question, means
        What is tried, and with what.
    user_id
        Who asks.

    Raises
    ------
    PlatformError
        What is wrong with the question, before there is a row.
    KeyboardInterrupt
        As it came; the row is CANCELED, its trials so far are kept.
    """
    planned = _plan(question, means)
    columns = planned.columns()
    with transaction.atomic():
        sweep = Sweep.objects.create(
            experiment=get_experiment(
                question=question.question,
                key=planned.version.strategy.key,
                user_id=user_id,
            ),
            created_by_id=user_id,
            status=RunStatus.RUNNING,
            is_shared=means.is_worker,
            **new_columns(question),
            **columns,
        )
        SweepChunk.objects.bulk_create(sweep_chunks.plan(sweep, size=planned.size))
    if sweep.is_shared:
        tell(WORK_ON_SWEEP, sweep_id=sweep.pk)
    return see_through(get_sweep(sweep.pk), means)


def resume_sweep(*, number: int, means: Means, question: SweepQuestion | None = None) -> Sweep:
    """Work on a sweep that others began, until it has ended, and return its row.

    Parameters
    ----------
    question
        What it must have been asked; None is whatever it was.

    Raises
    ------
    UnknownSweep
        If there is none of that number.
    SweepNotRunning
        If it has not begun, or has ended.
    SweepDiffers
        If the question, the bars or the code are not those it began with; others may go on.
    KeyboardInterrupt
        As it came; the sweep is left to others, or for later.
    """
    sweep = get_sweep(number)
    if sweep.status != RunStatus.RUNNING:
        raise SweepNotRunning(f"{sweep} is {sweep.status}: it has not begun or has ended")
    if question is not None and asked_columns(question) != asked_columns(question_of(sweep)):
        raise SweepDiffers(f"{sweep} began with another question", sweep=number)
    check_code(sweep)
    try:
        _work(sweep, means)
    except SweepDiffers:
        raise
    except PlatformError as error:
        sweep_results.end(sweep, error, status=RunStatus.FAILED, at=means.clock.now())
    return get_sweep(number)


def begin_queued(*, sweep: Sweep, means: Means) -> Sweep:
    """Let a queued sweep begin, unless another worker has; return its row.

    Raises
    ------
    PlatformError
        What is wrong with the question.
    """
    planned = _plan(question_of(sweep), means)
    columns = planned.columns()
    with transaction.atomic():
        if Sweep.objects.filter(pk=sweep.pk, status=RunStatus.QUEUED).update(
            status=RunStatus.RUNNING, **columns
        ):
            SweepChunk.objects.bulk_create(sweep_chunks.plan(sweep, size=planned.size))
    return get_sweep(sweep.pk)


def see_through(sweep: Sweep, means: Means) -> Sweep:
    """Work on a sweep that runs until it has ended, whoever else does; return its row.

    Raises
    ------
    SweepDiffers
        If this process has other code than that it began with.
    Canceled
        If the work that it is part of was ended; the row is CANCELED.
    RunNotRunning
        If another process has taken that work over; likewise.
    KeyboardInterrupt
        As it came; likewise.
    WorkerStopping
        If the worker is to end; likewise.
    """
    check_code(sweep)
    try:
        _work(sweep, means)
    except (Canceled, RunNotRunning) as error:
        sweep_results.end(sweep, error, status=RunStatus.CANCELED, at=means.clock.now())
        raise
    except PlatformError as error:
        sweep_results.end(sweep, error, status=RunStatus.FAILED, at=means.clock.now())
    except (KeyboardInterrupt, WorkerStopping):
        stopped = Interrupted("stopped before it was done")
        sweep_results.end(sweep, stopped, status=RunStatus.CANCELED, at=means.clock.now())
        raise
    return get_sweep(sweep.pk)


def _work(sweep: Sweep, means: Means) -> None:
    with Sitting(sweep, means) as sitting:
        while True:
            sweep_chunks.reopen_lost(at=means.clock.now())
            try:
                sitting.work()
            except SweepNotRunning as error:
                # It has ended, or another process has taken over the chunk of this one.
                logger.info("%s", error.detail)
            # Fresh: what the sitting holds of it stays as it began.
            if get_sweep(sweep.pk).status in FINAL_STATES:
                return
            if means.is_stopping():
                raise WorkerStopping
            # Others have the last chunks, or it is paused.
            sleep(_POLL_SECONDS)


def check_code(sweep: Sweep) -> None:
    """Refuse to add trials of other code to those of a sweep.

    Raises
    ------
    SweepDiffers
        If the platform has changed since it began.
    """
    here = code_hash()
    if sweep.code_hash != here:
        raise SweepDiffers(
            f"{sweep} began with code {sweep.code_hash[:12]} of the platform, here is {here[:12]}",
            sweep=sweep.pk,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A sweep with everything it names looked up."""

    question: SweepQuestion
    version: StrategyVersion
    survey: Survey
    series: Series
    loaded: LoadedMarket
    engine_version: str

    @property
    def size(self) -> int:
        """How many sets make a chunk."""
        budget = min(
            self.question.budget_bytes, settings.PLATFORM.compute.job_memory_mb * _MB // 2
        )
        size = chunk_size(bars=len(self.loaded.period), budget_bytes=budget)
        if self.question.search is not None:
            return searches.batch_size(self.question, size)
        return min(size, -(-self.question.n_places // _LEAST_CHUNKS))

    def columns(self) -> dict[str, Any]:
        """Return the columns of a sweep that are known once it begins."""
        return {
            "strategy_version": self.version,
            "dataset": datasets.record_dataset(series=self.series, loaded=self.loaded),
            "engine_version": self.engine_version,
            "input_hash": self._input_hash(),
            "n_contradictory": self.survey.n_contradictory,
            "provenance": provenance(),
            "code_hash": code_hash(),
        }

    def _input_hash(self) -> str:
        asked = self.question.question
        prepared = PreparedRun(
            question=asked,
            request=asked,
            strategy_version=self.version,
            series=self.series,
            loaded=self.loaded,
            engine_version=self.engine_version,
        )
        columns = asked_columns(self.question)
        names = ("grid", "method", "search", "objective", "objectives", "min_round_trips")
        return canonical_hash({**prepared.inputs(), **{name: columns[name] for name in names}})


def _plan(question: SweepQuestion, means: Means) -> _Planned:
    asked = question.question
    version_of_engine = engine_version(asked.engine)
    version, survey = means.bench(means.tick).survey(question)
    if survey.n_contradictory == question.n_places:
        raise InvalidArgument(f"all {question.n_places} sets contradict themselves: none to try")
    instrument = get_instrument(asked.instrument)
    loaded = datasets.load_market(
        store=means.store, spec=instrument.spec, question=asked, warm_up=survey.warm_up
    )
    datasets.check_market(loaded=loaded, question=asked)
    planned = _Planned(
        question=question,
        version=version,
        survey=survey,
        series=register_series(store=means.store, key=loaded.key),
        loaded=loaded,
        engine_version=version_of_engine,
    )
    if question.search is not None:
        searches.plan_of(question, version, batch=planned.size)
    n_chunks = -(-question.n_places // planned.size)
    if n_chunks > _MOST_CHUNKS:
        raise InvalidArgument(
            f"the sets make {n_chunks:,} chunks of {planned.size}, at most {_MOST_CHUNKS:,}: allow"
            " a chunk more memory, or try fewer sets or a shorter period"
        )
    return planned
