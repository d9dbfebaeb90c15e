"""Sweeps that workers do: put into the queue, worked on in turns, paused, ended."""

import logging
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError, transaction

from common.domain.enums import RunStatus
from common.domain.errors import PlatformError
from research.compute.exceptions import ReportedError
from research.compute.failures import describe_error
from research.domain.backtest import check_cash
from research.domain.grid import Grid
from research.domain.sweep import SweepQuestion
from research.exceptions import (
    Canceled,
    SweepDiffers,
    SweepNotRunning,
    UnexpectedFailure,
    WorkerStopping,
)
from research.models import FINAL_STATES, Job, Run, Sweep, SweepChunk
from research.selectors.sweeps import get_sweep
from research.services import queue, searches, sweep_results, sweeps
from research.services.backtests import REFUSALS
from research.services.ledger import get_experiment
from research.services.means import Means
from research.services.messages import WORK_ON_SWEEP, count_waiting, tell
from research.services.sweep_rows import new_columns
from research.services.sweep_sittings import Sitting
from trading.models import StrategyVersion
from trading.services.catalogue import present_version
from trading.strategies.described import admit_described

logger = logging.getLogger(__name__)
# Then whatever else waits has its turn.
_SITTING_SECONDS: Final = 20.0


@transaction.atomic
def enqueue_sweep(*, question: SweepQuestion, user_id: int | None) -> Sweep:
    """Put a sweep into the queue and return its row, which is QUEUED.

    Nothing is loaded for it, as for a run. What only the strategy or the bars can tell is
    wrong becomes the row's error.

    Raises
    ------
    PlatformError
        What `queue.enqueue` raises of the question, InvalidParameter for a value that no set
        of the grid could have, and InvalidArgument for a parameter that is both fixed and on
        the grid; what a search cannot do.
    """
    asked = question.question
    version = check_sweep(question)
    sweep = Sweep.objects.create(
        experiment=get_experiment(question=asked, key=version.strategy.key, user_id=user_id),
        strategy_version=version,
        created_by_id=user_id,
        status=RunStatus.QUEUED,
        is_shared=True,
        **new_columns(question),
    )
    transaction.on_commit(lambda: tell(WORK_ON_SWEEP, sweep_id=sweep.pk))
    return get_sweep(sweep.pk)


def check_sweep(question: SweepQuestion) -> StrategyVersion:
    """Refuse what can be told is wrong without the strategy; return its present version.

    Raises
    ------
    PlatformError
        As `enqueue_sweep`.
    """
    asked = question.question
    check_cash(asked.cash)
    queue.check_engine(asked.engine)
    version = present_version(asked.strategy_key)
    _check_values(question, version)
    if question.search is not None:
        searches.plan_of(question, version, batch=1)
    queue.find_series(asked)
    return version


def work_on_sweep(*, sweep_id: int, means: Means) -> None:
    """Work on a sweep for a while, if there is anything of it to take.

    While more is left than this process has, others are told: any number may join.

    Raises
    ------
    Exception
        What is a bug, once the row is FAILED; what the database refuses, and it is not.
    """
    sweep = Sweep.objects.select_related("strategy_version", "dataset").get(pk=sweep_id)
    if sweep.status in FINAL_STATES or sweep.paused_at is not None or means.is_stopping():
        return
    try:
        _sit(sweep, means)
    except WorkerStopping:
        logger.info("%s is left to other workers", sweep)
    except SweepNotRunning as error:
        # It was canceled, or another worker took over what this one had.
        logger.info("given up: %s", error.detail)
    except PlatformError as error:
        _end_by(error, sweep, means)
    except Exception as error:
        # A database that is away comes back; a bug would be met by every worker that is told.
        if not isinstance(error, OperationalError | InterfaceError):
            failure = ReportedError(UnexpectedFailure.code, describe_error(error))
            sweep_results.end(sweep, failure, status=RunStatus.FAILED, at=means.clock.now())
        raise


def _end_by(error: PlatformError, sweep: Sweep, means: Means) -> None:
    others = sweep.chunks.filter(state=SweepChunk.State.TAKEN)
    if isinstance(error, SweepDiffers) and others.exists():
        # While the platform is upgraded: who began it is still at it, and its trials are sound.
        logger.warning("left to the workers that began it: %s", error.detail)
        return
    status = RunStatus.REFUSED if isinstance(error, REFUSALS) else RunStatus.FAILED
    sweep_results.end(sweep, error, status=status, at=means.clock.now())


def _sit(sweep: Sweep, means: Means) -> None:
    if sweep.status == RunStatus.QUEUED:
        sweep = sweeps.begin_queued(sweep=sweep, means=means)
    sweeps.check_code(sweep)
    if _open_chunks(sweep) > 1 and count_waiting() == 0:
        tell(WORK_ON_SWEEP, sweep_id=sweep.pk)
    with Sitting(sweep, means) as sitting:
        is_more_left = sitting.work(seconds=_SITTING_SECONDS, is_enough=_others_wait)
    if is_more_left:
        tell(WORK_ON_SWEEP, sweep_id=sweep.pk)


def pause_sweep(*, sweep_id: int, at: datetime) -> Sweep:
    """Let no chunk of a sweep begin until it is resumed; those under way are written.

    Raises
    ------
    UnknownSweep
        If there is none of that number.
    SweepNotRunning
        If it has ended.
    """
    going = Sweep.objects.filter(pk=sweep_id).exclude(status__in=FINAL_STATES)
    if not going.filter(paused_at=None).update(paused_at=at) and not going.exists():
        _refuse(sweep_id)
    return get_sweep(sweep_id)


def resume_sweep(*, sweep_id: int) -> Sweep:
    """Let a paused sweep go on.

    Raises
    ------
    UnknownSweep, SweepNotRunning
        As `pause_sweep`.
    """
    going = Sweep.objects.filter(pk=sweep_id).exclude(status__in=FINAL_STATES)
    if not going.update(paused_at=None):
        _refuse(sweep_id)
    sweep = get_sweep(sweep_id)
    if sweep.is_shared:
        # Not before it is written: a worker that is told earlier finds it paused.
        transaction.on_commit(lambda: tell(WORK_ON_SWEEP, sweep_id=sweep_id))
    return sweep


def cancel_sweep(*, sweep_id: int, at: datetime) -> Sweep:
    """End a sweep now; its trials are kept, and chunks under way are dropped.

    Raises
    ------
    UnknownSweep, SweepNotRunning
        As `pause_sweep`.
    """
    sweep = get_sweep(sweep_id)
    error = Canceled("canceled before it was done")
    if not sweep_results.end(sweep, error, status=RunStatus.CANCELED, at=at):
        _refuse(sweep_id)
    return get_sweep(sweep_id)


def _others_wait() -> bool:
    """Tell whether somebody waits for a run or a job: a sweep has a chunk, then they have turns."""
    return any(rows.objects.filter(status=RunStatus.QUEUED).exists() for rows in (Run, Job))


def _check_values(question: SweepQuestion, version: StrategyVersion) -> None:
    """Refuse a value that the strategy admits in no set, as far as its listing tells."""
    grid, fixed = question.grid, question.question.params
    described = version.parameters
    if isinstance(grid, Grid):
        grid.check_fixed(fixed)
        admit_described(described, fixed)
        for axis in grid.axes:
            for value in axis.values:
                admit_described(described, {axis.name: value})
    else:
        for params in grid.given:
            admit_described(described, {**fixed, **params})


def _open_chunks(sweep: Sweep) -> int:
    return sweep.chunks.filter(state=SweepChunk.State.OPEN).count()


def _refuse(sweep_id: int) -> None:
    sweep = get_sweep(sweep_id)
    raise SweepNotRunning(f"{sweep} has ended: {sweep.status}", sweep=sweep_id)
