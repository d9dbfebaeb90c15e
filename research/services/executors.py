"""Who runs what a comparison or a verdict is made of: this process, or its children."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.enums import RunStatus
from common.domain.errors import InvalidArgument, PlatformError
from research.compute import code_answers, job_files
from research.compute.code_answers import CodeRequest
from research.compute.code_questions import ask_code
from research.compute.exceptions import StrategyRaised, WorkerLost
from research.compute.failures import describe_error
from research.compute.job import Job
from research.compute.job_files import LoadedStrategy
from research.compute.market_files import JobMarket, write_market
from research.compute.result_files import read_result
from research.domain.backtest import BacktestRequest, NativeRequest
from research.domain.question import RunQuestion
from research.examination.facts import Asked
from research.exceptions import Canceled, Interrupted, RunNotRunning, WorkerStopping
from research.models import Run
from research.services import leases, ledger, queue
from research.services.backtests import run_backtest
from research.services.children import (
    check_result,
    describe_loaded,
    ensure_ready,
    job_limits,
    new_job_folder,
)
from research.services.execution import Execution, Stopping
from research.services.prepared import PreparedRun
from research.services.preparing import assemble, prepare
from research.services.run_processes import Ended, Report, report_nothing, run_each
from trading.services.catalogue import record_described

type Answer = dict[str, Any]


class Executor(Protocol):
    """Runs strategies and engines."""

    def prepare(self, question: RunQuestion) -> PreparedRun:
        """Return a question with everything it names looked up, its parameters in full."""
        ...

    def run(self, question: RunQuestion, *, user_id: int | None) -> Run:
        """Run a question, and return its row, which is in a final state."""
        ...

    def run_each(
        self,
        questions: Sequence[RunQuestion],
        *,
        processes: int,
        user_id: int | None,
        report: Report = report_nothing,
    ) -> list[Ended]:
        """Run questions, and return how each ended."""
        ...

    def ask(self, prepared: PreparedRun, name: str, **options: Any) -> Answer:
        """Return the answer to a question of a strategy's code; `code_questions` has them."""
        ...


class TerminalExecutor:
    """Runs them in this process, and several engines in processes like it."""

    def __init__(self, *, store: SeriesStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def prepare(self, question: RunQuestion) -> PreparedRun:
        """Return a question with everything it names looked up.

        Raises
        ------
        PlatformError
            As `preparing.prepare`.
        """
        return prepare(question=question, store=self._store)

    def run(self, question: RunQuestion, *, user_id: int | None) -> Run:
        """Run a question, and return its row.

        Raises
        ------
        PlatformError
            As `run_backtest`.
        """
        return run_backtest(
            question=question, store=self._store, clock=self._clock, user_id=user_id
        )

    def run_each(
        self,
        questions: Sequence[RunQuestion],
        *,
        processes: int,
        user_id: int | None,
        report: Report = report_nothing,
    ) -> list[Ended]:
        """Run questions, and return how each ended."""
        return run_each(questions, processes=processes, user_id=user_id, report=report)

    def ask(self, prepared: PreparedRun, name: str, **options: Any) -> Answer:
        """Return the answer to a question of a strategy's code.

        Raises
        ------
        StrategyRaised
            If the strategy raises an error of its own, which is the cause.
        InvalidArgument
            If there is no such question, or it was prepared for a child.
        PlatformError
            As the question.
        """
        request = prepared.request
        if not isinstance(request, BacktestRequest | NativeRequest):
            raise InvalidArgument(f"{type(request).__name__} was prepared for a child")
        asked = Asked(
            request=request, market=prepared.loaded.market, engine=prepared.question.engine
        )
        try:
            return ask_code(name, asked, options)
        except PlatformError:
            raise
        except Exception as error:
            raise StrategyRaised(f"{name}: {describe_error(error)}") from error


class ChildExecutor:
    """Runs them in children without credentials, one after the other.

    Parameters
    ----------
    is_stopping
        Asked twice a second while a child works; what it raises ends the child.
    """

    def __init__(self, *, store: SeriesStore, clock: Clock, is_stopping: Stopping) -> None:
        self._store, self._clock, self._is_stopping = store, clock, is_stopping

    def prepare(self, question: RunQuestion) -> PreparedRun:
        """Return a question with everything it names looked up.

        Raises
        ------
        PlatformError
            As `preparing.prepare`, and as a child reports it.
        """
        with self._job(CodeRequest(question=question, strategy_folder=_folder())) as job:
            job.wait_for_end(self._tick)
            check_result(read_result(job.folder))
            strategy = job_files.read_strategy(job.folder)
        return self._assemble(question, strategy)

    def run(self, question: RunQuestion, *, user_id: int | None) -> Run:
        """Run a question, and return its row.

        Raises
        ------
        WorkerStopping
            If the worker is to end; the row is CANCELED.
        Canceled
            If the work that it is part of was ended; likewise.
        WorkerLost
            If another worker took the run first.
        PlatformError
            As `queue.create`.
        """
        ensure_ready()
        with transaction.atomic():
            # Taken before anybody else can see that it waits.
            waiting = queue.create(question=question, user_id=user_id)
            run = leases.claim(run_id=waiting.pk, at=self._clock.now())
        if run is None:
            raise WorkerLost(f"{waiting} was taken by another worker")
        execution = Execution(
            run, store=self._store, clock=self._clock, is_stopping=self._is_stopping
        )
        try:
            outcome = execution.outcome()
        except WorkerStopping:
            stopped = Interrupted("its worker ended")
            self._end(run, ledger.Outcome(status=RunStatus.CANCELED, error=stopped))
            raise
        except WorkerLost as error:
            outcome = ledger.Outcome(status=RunStatus.FAILED, error=error)
        ended = self._end(run, outcome)
        if ended.status == RunStatus.CANCELED and ended.cancel_requested_at is None:
            raise Canceled("canceled before it was done")  # All that the run is part of.
        return ended

    def run_each(
        self,
        questions: Sequence[RunQuestion],
        *,
        processes: int,  # noqa: ARG002 - a worker does one thing at a time
        user_id: int | None,
        report: Report = report_nothing,
    ) -> list[Ended]:
        """Run questions, and return how each ended.

        Raises
        ------
        WorkerStopping
            As `run`.
        Canceled
            If nothing more is to be run.
        RunNotRunning
            If another process has taken the work over.
        """
        found = []
        for question in questions:
            try:
                ended = Ended(run_id=self.run(question, user_id=user_id).pk)
            except (Canceled, RunNotRunning):
                raise
            except PlatformError as error:
                ended = Ended(run_id=None, code=error.code, detail=error.detail)
            found.append(ended)
            report(question, ended)
        return found

    def ask(self, prepared: PreparedRun, name: str, **options: Any) -> Answer:
        """Return the answer to a question of a strategy's code.

        Raises
        ------
        PlatformError
            As the child reports it, and what `Job` raises where it takes too much.
        """
        loaded = prepared.loaded
        request = CodeRequest(
            question=replace(prepared.question, params=dict(prepared.request.params)),
            strategy_folder=_folder(),
            name=name,
            options=options,
        )
        with self._job(request) as job:
            market = JobMarket(
                market=loaded.market, hash=loaded.hash, warm_up_hash=loaded.warm_up_hash
            )
            write_market(job.folder, market)
            job.wait_for_end(self._tick)
            check_result(read_result(job.folder))
            return code_answers.read_answer(job.folder)

    def _assemble(self, question: RunQuestion, strategy: LoadedStrategy) -> PreparedRun:
        asked = replace(question, params=strategy.params)
        return assemble(
            question=asked,
            request=asked,
            strategy_version=record_described(describe_loaded(strategy)),
            warm_up=strategy.warm_up,
            store=self._store,
        )

    def _job(self, request: CodeRequest) -> Job:
        ensure_ready()
        folder = new_job_folder("code")
        code_answers.write_request(folder, request)
        return Job(folder, job_limits())

    def _tick(self, progress: float) -> None:  # noqa: ARG002 - nobody watches a single question
        if self._is_stopping():
            raise WorkerStopping

    def _end(self, run: Run, outcome: ledger.Outcome) -> Run:
        return ledger.end_run(run=run, outcome=outcome, at=self._clock.now())


def _folder() -> Path:
    return Path(settings.STRATEGY_FOLDER)
