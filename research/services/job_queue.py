"""Comparisons, verdicts and examinations that workers do: put into the queue, done, ended."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import models, transaction

from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from research.compute.exceptions import ReportedError, WorkerLost
from research.compute.failures import describe_error
from research.domain.examination_question import ExaminationQuestion
from research.domain.validation_question import ValidationQuestion
from research.exceptions import (
    Canceled,
    JobNotCancelable,
    RunNotRunning,
    UnexpectedFailure,
    WorkerStopping,
)
from research.models import Job, Run, Sweep
from research.selectors.jobs import get_job
from research.selectors.runs import get_run
from research.selectors.sweeps import get_sweep
from research.services import examinations, leases, ledger, queue, sweep_queue
from research.services.comparisons import ComparisonQuestion, compare_engines
from research.services.examined_runs import check_examinable
from research.services.examined_sweeps import check_examinable_sweep
from research.services.job_documents import (
    comparison_from_json,
    comparison_to_json,
    validation_from_json,
    validation_to_json,
)
from research.services.job_keeping import JobKeeper
from research.services.means import Means
from research.services.messages import DO_JOB, tell
from research.services.validations import validate
from trading.strategies.described import admit_described

logger = logging.getLogger(__name__)


def enqueue_comparison(*, asked: ComparisonQuestion, user_id: int | None) -> Job:
    """Put a comparison of engines into the queue.

    Raises
    ------
    PlatformError
        What `queue.check_asked` refuses for one of the engines.
    """
    for engine in asked.engines:
        queue.check_engine(engine)
    queue.check_asked(replace(asked.question, engine=asked.engines[0] if asked.engines else ""))
    return _enqueue(Job.Kind.COMPARISON, comparison_to_json(asked), user_id)


def enqueue_validation(*, asked: ValidationQuestion, user_id: int | None) -> Job:
    """Put a verdict into the queue.

    Raises
    ------
    PlatformError
        What `sweep_queue.check_sweep` refuses; InvalidParameter for a choice that no set
        could be.
    """
    version = sweep_queue.check_sweep(asked.sweep)
    admit_described(version.parameters, asked.choice)
    return _enqueue(Job.Kind.VALIDATION, validation_to_json(asked), user_id)


def enqueue_examination(
    *, subject: Run | Sweep, question: ExaminationQuestion, user_id: int | None
) -> Job:
    """Put an examination of a run or a sweep into the queue.

    Raises
    ------
    PlatformError
        UnknownTool, InvalidArgument, NotExaminable.
    """
    checked = examinations.check(subject=subject, question=question)
    if isinstance(subject, Run):
        check_examinable(subject)
    else:
        check_examinable_sweep(subject)
    document = {
        "run": subject.pk if isinstance(subject, Run) else None,
        "sweep": subject.pk if isinstance(subject, Sweep) else None,
        "tool": checked.tool.key,
        "options": dict(question.options),
        "seed": question.seed,
    }
    return _enqueue(Job.Kind.EXAMINATION, document, user_id)


def cancel_job(*, job_id: int, at: datetime) -> Job:
    """End a job: at once if it waits, else its worker ends it within seconds.

    Asking twice is as good as asking once.

    Raises
    ------
    UnknownJob
        If there is none of that number.
    JobNotCancelable
        If it has ended.
    """
    jobs = Job.objects.filter(pk=job_id)
    ended = jobs.filter(status=RunStatus.QUEUED).update(
        status=RunStatus.CANCELED,
        cancel_requested_at=at,
        finished_at=at,
        error_code="canceled",
        error_detail="canceled before it began",
    )
    if not ended:
        running = jobs.filter(status=RunStatus.RUNNING)
        asked = running.filter(cancel_requested_at=None).update(cancel_requested_at=at)
        if not (asked or running.exists()):
            job = get_job(job_id)
            raise JobNotCancelable(f"{job} has ended: {job.status}", job=job_id)
    return get_job(job_id)


def do_job(*, job_id: int, means: Means) -> Job | None:
    """Take a job from the queue and see it through; None if it was not to be had.

    Raises
    ------
    Exception
        What is a bug, once the row is FAILED.
    """
    if means.is_stopping():
        return None
    job = leases.claim_job(job_id=job_id, at=means.clock.now())
    if job is None:
        return None
    with JobKeeper(job, clock=means.clock, is_stopping=means.is_stopping) as keeper:
        try:
            _see_through(job, means, keeper)
        except WorkerStopping:
            leases.release(run=job)
        except WorkerLost as error:
            leases.lose(run=job, detail=error.detail, at=means.clock.now())
        except RunNotRunning as error:
            # Its lease ran out, and whoever has it now will end it.
            logger.warning("given up: %s", error.detail)
    return Job.objects.get(pk=job_id)


def _see_through(job: Job, means: Means, keeper: JobKeeper) -> None:
    kept = replace(means, is_stopping=keeper.is_stopping, progress=keeper.note)
    try:
        result = _DOING[Job.Kind(job.kind)](job, kept, keeper)
    except (WorkerStopping, WorkerLost, RunNotRunning):
        raise
    except PlatformError as error:
        canceled = isinstance(error, Canceled)
        status = RunStatus.CANCELED if canceled else RunStatus.FAILED
        _end(job, status, at=means.clock.now(), error=error)
    except Exception as error:
        failure = ReportedError(UnexpectedFailure.code, describe_error(error))
        _end(job, RunStatus.FAILED, at=means.clock.now(), error=failure)
        raise
    else:
        _end(job, RunStatus.SUCCEEDED, at=means.clock.now(), result=result)


def _enqueue(kind: Job.Kind, question: Mapping[str, Any], user_id: int | None) -> Job:
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind, question=dict(question), created_by_id=user_id, status=RunStatus.QUEUED
        )
        transaction.on_commit(lambda: tell(DO_JOB, job_id=job.pk))
    return get_job(job.pk)


type _Result = dict[str, models.Model]


def _compare(job: Job, means: Means, keeper: JobKeeper) -> _Result:
    keeper.say("running the engines")
    found = compare_engines(
        asked=comparison_from_json(job.question), means=means, user_id=job.created_by_id
    )
    return {"comparison": found}


def _validate(job: Job, means: Means, keeper: JobKeeper) -> _Result:
    found = validate(
        question=validation_from_json(job.question),
        means=means,
        user_id=job.created_by_id,
        report=keeper.say,
    )
    return {"validation": found}


def _examine(job: Job, means: Means, keeper: JobKeeper) -> _Result:
    asked = job.question
    keeper.say(f"examining by {asked['tool']}")
    subject = get_run(asked["run"]) if asked["run"] else get_sweep(asked["sweep"])
    question = ExaminationQuestion(
        tool=asked["tool"], options=asked["options"], seed=asked["seed"]
    )
    checked = examinations.check(subject=subject, question=question)
    found = examinations.examine(checked=checked, means=means, user_id=job.created_by_id)
    return {"examination": found}


_DOING: Final[Mapping[str, Callable[[Job, Means, JobKeeper], _Result]]] = {
    Job.Kind.COMPARISON: _compare,
    Job.Kind.EXAMINATION: _examine,
    Job.Kind.VALIDATION: _validate,
}


def _end(
    job: Job,
    status: RunStatus,
    *,
    at: datetime,
    error: PlatformError | None = None,
    result: _Result | None = None,
) -> None:
    ended = ledger.held(job).update(
        status=status,
        lease_until=None,
        **({"progress": 1.0} if status is RunStatus.SUCCEEDED else {}),
        error_code=error.code if error else "",
        error_detail=ledger.storable(error.detail) if error else "",
        finished_at=at,
        **(result or {}),
    )
    if not ended:
        logger.warning("%s was lost before its end, %s, could be written", job, status)
