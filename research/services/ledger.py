"""Rows of runs: begun before the engine starts, ended once, never changed again."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.db.models import F, QuerySet

from common.domain.enums import RunStatus
from common.domain.instruments import SeriesKey
from research.domain.question import LONGEST_EXPERIMENT, RunQuestion
from research.exceptions import RunNotRunning
from research.models import Artefact, Experiment, Job, Run
from research.services.artefacts import StoredFile
from research.services.datasets import record_dataset
from research.services.owners import is_alive, process_name
from research.services.prepared import PreparedRun, asked_facts, known_facts

logger = logging.getLogger(__name__)


class Failure(Protocol):
    """What a run failed of: an error, or the report of one from another process."""

    @property
    def code(self) -> str:
        """Its code."""
        ...

    @property
    def detail(self) -> str:
        """What was wrong, in one sentence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    status: RunStatus
    error: Failure | None = None
    files: list[StoredFile] = field(default_factory=list)
    result_hash: str = ""
    n_fills: int | None = None
    skipped_orders: int | None = None
    equity: Mapping[str, float | int] | None = None
    metrics: Mapping[str, object] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    open_round_trip: Mapping[str, object] | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    peak_rss_bytes: int | None = None


def begin_run(*, prepared: PreparedRun, user_id: int | None, at: datetime) -> Run:
    """Write the row of a run that starts now in this process, at a terminal."""
    question = prepared.question
    facts = known_facts(prepared)
    with transaction.atomic():
        return Run.objects.create(
            experiment=get_experiment(
                question=question, key=prepared.strategy_version.strategy.key, user_id=user_id
            ),
            created_by_id=user_id,
            kind="BACKTEST" if question.native is None else "NATIVE",
            # What is known of the recorded events stands beside the settings that were asked.
            **(asked_facts(prepared.request) | facts),
            engine=question.engine,
            allow_dirty=question.allow_dirty,
            dataset=record_dataset(series=prepared.series, loaded=prepared.loaded),
            series=prepared.series,
            status=RunStatus.RUNNING,
            owner=process_name(),
            attempt=1,
            started_at=at,
        )


def get_experiment(*, question: RunQuestion, key: str, user_id: int | None) -> Experiment:
    """Return the experiment of a question, made if need be."""
    series = SeriesKey.bars(question.instrument, question.timeframe)
    # The longest keys and symbols together are longer than a name may be.
    made = f"{key} on {series}"[:LONGEST_EXPERIMENT]
    experiment, _ = Experiment.objects.get_or_create(
        name=question.experiment or made, defaults={"created_by_id": user_id}
    )
    return experiment


def describe_run_begun(*, run: Run, prepared: PreparedRun) -> Run:
    """Write what is known of a queued run now that its worker has loaded all it names.

    Raises
    ------
    RunNotRunning
        If this process does not have it any more.
    """
    facts = known_facts(prepared)
    with transaction.atomic():
        dataset = record_dataset(series=prepared.series, loaded=prepared.loaded)
        if not held(run).update(**facts, series=prepared.series, dataset=dataset):
            raise RunNotRunning(f"{run} has ended or is not of this process", run=run.pk)
    run.refresh_from_db()
    return run


def held(run: Run | Job) -> QuerySet[Any]:
    """Return the row of a run or a job as far as this attempt at it still has it."""
    return type(run).objects.filter(
        pk=run.pk, status=RunStatus.RUNNING, owner=run.owner, attempt=run.attempt
    )


@transaction.atomic
def end_run(*, run: Run, outcome: Outcome, at: datetime) -> Run:
    """Write what a run of this process came to, once.

    Raises
    ------
    RunNotRunning
        If the run has ended already or another process owns it; nothing is written.
    """
    differs_from = _earlier_with_another_result(run, outcome.result_hash)
    error = outcome.error
    changed = held(run).update(
        status=outcome.status,
        lease_until=None,
        progress=1.0 if outcome.status is RunStatus.SUCCEEDED else F("progress"),
        error_code=error.code if error else "",
        error_detail=storable(error.detail) if error else "",
        finished_at=at,
        result_hash=outcome.result_hash,
        differs_from=differs_from,
        n_fills=outcome.n_fills,
        skipped_orders=outcome.skipped_orders,
        equity=outcome.equity,
        metrics=outcome.metrics,
        undefined=outcome.undefined,
        open_round_trip=outcome.open_round_trip,
        timings=outcome.timings,
        peak_rss_bytes=outcome.peak_rss_bytes,
    )
    if not changed:
        raise RunNotRunning(f"{run} has ended or is not of this process", run=run.pk)
    Artefact.objects.bulk_create(
        Artefact(
            run=run,
            kind=file.kind,
            path=file.path,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            rows=file.rows,
        )
        for file in outcome.files
    )
    run.refresh_from_db()
    if differs_from is not None:
        logger.error(
            "equal inputs, another result: run %s differs from run %s", run.pk, differs_from.pk
        )
    return run


def storable(text: str) -> str:
    """Return a text without what no database takes."""
    # A strategy's error may hold what no database takes: half a surrogate pair, or a NUL.
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


def _earlier_with_another_result(run: Run, result_hash: str) -> Run | None:
    if not result_hash:
        return None
    earlier = Run.objects.filter(input_hash=run.input_hash, pk__lt=run.pk).exclude(result_hash="")
    latest = earlier.order_by("-pk").first()
    return latest if latest is not None and latest.result_hash != result_hash else None


def fail_lost_runs(*, at: datetime) -> int:
    """End the runs whose terminal on this machine is gone, and return how many there were.

    A process that was killed cannot write its end; whoever runs next does it, and every
    worker now and then, so that no run stays RUNNING for ever. The runs of workers have
    leases (`research.services.leases`).
    """
    at_terminals = Run.objects.filter(status=RunStatus.RUNNING, lease_until__isnull=True)
    lost = [run for run in at_terminals if not is_alive(run.owner)]
    return sum(
        Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING, owner=run.owner).update(
            status=RunStatus.FAILED,
            error_code="worker_lost",
            error_detail=f"the process {run.owner} ended without a word",
            finished_at=at,
        )
        for run in lost
    )
