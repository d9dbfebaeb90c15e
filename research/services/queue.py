"""Runs that wait for a worker: put into the queue, announced, canceled."""

import logging
from datetime import datetime
from typing import NoReturn

from django.conf import settings
from django.db import transaction

from common.data_pipeline.exceptions import SeriesNotFound
from common.domain.enums import RunStatus, SeriesKind
from common.domain.instruments import SeriesKey
from exchanges.models import Series
from exchanges.selectors.market_data import get_instrument
from research.domain.backtest import check_cash
from research.domain.question import RunQuestion
from research.domain.question_document import question_to_json
from research.engines.exceptions import UnknownEngine
from research.engines.registry import ENGINES, engine_version
from research.exceptions import RunNotCancelable
from research.models import Run
from research.selectors.runs import get_run
from research.services.datasets import books_funding, uses_events
from research.services.ledger import get_experiment
from research.services.messages import EXECUTE_RUN, tell
from research.services.prepared import asked_facts
from trading.services.catalogue import present_version
from trading.strategies.described import admit_described

logger = logging.getLogger(__name__)


@transaction.atomic
def enqueue(*, question: RunQuestion, user_id: int | None) -> Run:
    """Put a question into the queue, tell the workers, and return its row, which is QUEUED.

    Raises
    ------
    PlatformError
        As `create`.
    """
    run = create(question=question, user_id=user_id)
    transaction.on_commit(lambda: tell(EXECUTE_RUN, run_id=run.pk))
    return run


def create(*, question: RunQuestion, user_id: int | None) -> Run:
    """Write the row of a run that waits.

    Nothing is loaded for it: neither bars nor the code of a user's strategy nor an engine.
    What only these can tell is wrong becomes the row's error.

    Raises
    ------
    PlatformError
        UnknownEngine, EngineNotInstalled, UnknownStrategy, InvalidParameter,
        UnknownInstrument, SeriesNotFound; InvalidArgument for a strategy file or for cash
        that is none.
    """
    document = question_to_json(question)
    check_engine(question.engine)
    check_asked(question)
    version = present_version(question.strategy_key)
    params = admit_described(version.parameters, question.params)
    series = find_series(question)
    return Run.objects.create(
        experiment=get_experiment(question=question, key=version.strategy.key, user_id=user_id),
        strategy_version=version,
        series=series,
        created_by_id=user_id,
        engine=question.engine,
        question=document,
        params=params,
        funding=books_funding(question.costs, series.instrument.spec),
        allow_dirty=question.allow_dirty,
        status=RunStatus.QUEUED,
        **asked_facts(question),
    )


def cancel(*, run_id: int, at: datetime) -> Run:
    """End a run: at once if it waits, else its worker ends its process within seconds.

    Asking twice is as good as asking once.

    Raises
    ------
    UnknownRun
        If there is none of that number.
    RunNotCancelable
        If it has ended, or runs at a terminal.
    """
    ended = Run.objects.filter(pk=run_id, status=RunStatus.QUEUED).update(
        status=RunStatus.CANCELED,
        cancel_requested_at=at,
        finished_at=at,
        error_code="canceled",
        error_detail="canceled before it began",
    )
    if not ended:
        running = Run.objects.filter(
            pk=run_id, status=RunStatus.RUNNING, lease_until__isnull=False
        )
        asked = running.filter(cancel_requested_at__isnull=True).update(cancel_requested_at=at)
        if not (asked or running.exists()):
            _refuse_to_cancel(run_id)
    return get_run(run_id)


def check_asked(question: RunQuestion) -> None:
    """Refuse what can be told is wrong with a question on any engine, without the strategy.

    Raises
    ------
    PlatformError
        UnknownStrategy, InvalidParameter, UnknownInstrument, SeriesNotFound; InvalidArgument
        for cash that is none.
    """
    check_cash(question.cash)
    admit_described(present_version(question.strategy_key).parameters, question.params)
    if question.engine:
        find_series(question)


def check_engine(name: str) -> None:
    """Refuse an engine that the workers do not have.

    Raises
    ------
    UnknownEngine
        If there is none of that name.
    EngineNotInstalled
        If it is neither configured for workers nor installed here.
    """
    if name not in settings.PLATFORM.compute.engines:
        engine_version(name)
    elif name not in ENGINES:
        raise UnknownEngine(f"unknown engine {name!r}; known: {', '.join(ENGINES)}", engine=name)


def find_series(question: RunQuestion) -> Series:
    """Return the row of the bars, or the events, that a question is put to.

    Raises
    ------
    UnknownInstrument
        If the catalogue has no such instrument.
    SeriesNotFound
        If nothing of it is stored.
    """
    instrument = get_instrument(question.instrument)
    rows = Series.objects.select_related("instrument__venue").filter(instrument=instrument)
    key = (
        SeriesKey(question.instrument, SeriesKind.EVENTS)
        if uses_events(question)
        else SeriesKey.bars(question.instrument, question.timeframe)
    )
    series = rows.filter(kind=key.kind, timeframe=key.timeframe or "").first()
    if series is None:
        raise SeriesNotFound(f"{key} is not stored", series=str(key))
    return series


def _refuse_to_cancel(run_id: int) -> NoReturn:
    run = get_run(run_id)
    if run.status == RunStatus.RUNNING:
        raise RunNotCancelable(
            f"{run} runs at a terminal, as {run.owner}: end it there", run=run_id, owner=run.owner
        )
    raise RunNotCancelable(f"{run} has ended: {run.status}", run=run_id, status=run.status)
