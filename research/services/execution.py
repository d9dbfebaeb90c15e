"""One attempt at a queued run: asked of a child, watched, and judged by what it answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic, perf_counter
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from research.compute import job_files
from research.compute.exceptions import MemoryBudgetExceeded, WorkerLost
from research.compute.job import Job
from research.compute.job_files import JobRequest, LoadedStrategy
from research.compute.market_files import JobMarket, write_market
from research.compute.result_files import read_result
from research.domain.question import RunQuestion
from research.domain.question_document import question_from_json
from research.engines.registry import get_engine
from research.exceptions import Canceled, RunNotRunning, WorkerStopping
from research.models import Run
from research.services import datasets, leases, ledger
from research.services.admission import admit_market, admit_period
from research.services.backtests import REFUSALS, check_funding, judge
from research.services.children import describe_loaded, job_limits, new_job_folder
from research.services.prepared import PreparedRun
from research.services.preparing import assemble
from trading.services.catalogue import record_described

_LOOK_SECONDS: Final = 0.5
_PROGRESS_SECONDS: Final = 1.0
_REFUSALS: Final = (*REFUSALS, MemoryBudgetExceeded)

type Stopping = Callable[[], bool]


class Execution:
    """One attempt at a run by this process."""

    def __init__(
        self, run: Run, *, store: SeriesStore, clock: Clock, is_stopping: Stopping
    ) -> None:
        self.run = run
        self.clock = clock
        self._store = store
        self._is_stopping = is_stopping
        self._looked = self._extended = monotonic()
        self._progress = 0.0

    def outcome(self) -> ledger.Outcome:
        """Do it, and return what it came to.

        Raises
        ------
        WorkerStopping
            If the worker is asked to end meanwhile.
        WorkerLost
            If the child ends without a word.
        RunNotRunning
            If the run is not this worker's any more.
        """
        began = perf_counter()
        question = question_from_json(self.run.question)
        folder = new_job_folder(f"{self.run.pk}-{self.run.attempt}")
        request = JobRequest(question=question, strategy_folder=Path(settings.STRATEGY_FOLDER))
        job_files.write_request(folder, request)
        job = Job(folder, job_limits())
        try:
            with job:
                outcome = self._in_child(job, question, began)
        except Canceled as error:
            outcome = ledger.Outcome(status=RunStatus.CANCELED, error=error)
        except (WorkerLost, RunNotRunning):
            raise
        except PlatformError as error:
            refused = isinstance(error, _REFUSALS)
            outcome = ledger.Outcome(
                status=RunStatus.REFUSED if refused else RunStatus.FAILED, error=error
            )
        peak = max(job.peak_bytes, outcome.peak_rss_bytes or 0)
        timings = {**outcome.timings, "total_s": perf_counter() - began}
        return replace(outcome, timings=timings, peak_rss_bytes=peak or None)

    def _in_child(self, job: Job, question: RunQuestion, began: float) -> ledger.Outcome:
        job.wait_for(job_files.STRATEGY, self._tick)
        if job.has_result:
            return _reported(job)
        strategy = job_files.read_strategy(job.folder)
        prepared = self._prepare(question, strategy)
        loaded = prepared.loaded
        market = JobMarket(
            market=loaded.market, hash=loaded.hash, warm_up_hash=loaded.warm_up_hash
        )
        write_market(job.folder, market)
        load_s = perf_counter() - began
        job.wait_for_end(self._tick)
        result = read_result(job.folder)
        if result.facts is None or result.engine_seconds is None:
            return _reported(job)
        self._extend()
        timings = {"load_s": load_s, "engine_s": result.engine_seconds}
        outcome = judge(run=self.run, prepared=prepared, result=result.facts, timings=timings)
        return replace(outcome, peak_rss_bytes=result.peak_rss_bytes)

    def _prepare(self, question: RunQuestion, strategy: LoadedStrategy) -> PreparedRun:
        self._extend()
        asked = replace(question, params=strategy.params)
        admit_period(question=asked, store=self._store)
        prepared = assemble(
            question=asked,
            request=asked,
            strategy_version=record_described(describe_loaded(strategy)),
            warm_up=strategy.warm_up,
            store=self._store,
        )
        self._extend()
        ledger.describe_run_begun(run=self.run, prepared=prepared)
        datasets.check_market(loaded=prepared.loaded, question=asked)
        check_funding(get_engine(asked.engine), prepared)
        admit_market(engine=asked.engine, market=prepared.loaded.market)
        return prepared

    def _tick(self, progress: float) -> None:
        self._progress = max(self._progress, progress)
        now = monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        if self._is_stopping():
            raise WorkerStopping
        try:
            self._look(now)
        except (OperationalError, InterfaceError):
            # The database is away. It may come back before the lease is over; then somebody
            # else may take the run, and this process must not have it any more.
            connection.close_if_unusable_or_obsolete()
            if self.clock.now() > _lease_end(self.run):
                raise RunNotRunning(f"the lease of {self.run} ran out", run=self.run.pk) from None

    def _look(self, now: float) -> None:
        if leases.is_cancel_requested(run=self.run):
            raise Canceled("canceled while it ran")
        since = now - self._extended
        has_moved = self._progress != self.run.progress and since >= _PROGRESS_SECONDS
        if has_moved or since >= settings.PLATFORM.compute.heartbeat_seconds:
            self._extend()

    def _extend(self) -> None:
        leases.extend(run=self.run, progress=self._progress, at=self.clock.now())
        self.run.progress = self._progress
        self._extended = monotonic()


def _lease_end(run: Run) -> datetime:
    if run.lease_until is None:
        raise RunNotRunning(f"{run} has no lease", run=run.pk)
    return run.lease_until


def _reported(job: Job) -> ledger.Outcome:
    result = read_result(job.folder)
    error = result.error
    if error is None:
        raise WorkerLost("the process of the job ended without facts and without an error")
    return ledger.Outcome(
        status=RunStatus.REFUSED if error.is_refusal else RunStatus.FAILED,
        error=error,
        peak_rss_bytes=result.peak_rss_bytes,
    )
