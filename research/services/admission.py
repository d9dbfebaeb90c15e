"""Whether a job fits into the memory that one may take, told before it takes any."""

from typing import Final

from django.conf import settings

from common.data_pipeline.store import SeriesStore
from common.domain.enums import SeriesKind
from common.domain.instruments import SeriesKey
from research.compute.exceptions import MemoryBudgetExceeded
from research.domain.backtest import Market
from research.domain.question import RunQuestion
from research.engines.registry import get_engine
from research.services.datasets import uses_events

_MB: Final = 1_000_000


def admit_period(*, question: RunQuestion, store: SeriesStore) -> None:
    """Refuse a job over more bars than fit, before they are read.

    Only the months that lie in the period as a whole are counted, but every hour of events:
    their files are read as they are.

    Raises
    ------
    MemoryBudgetExceeded
        With the figure and the bound.
    SeriesNotFound
        If the series is not stored.
    """
    if uses_events(question):
        recorded = store.manifest(SeriesKey(question.instrument, SeriesKind.EVENTS))
        hours = recorded.overlapping(question.start_ns, question.end_ns)
        _admit(question.engine, bars=0, events=sum(hour.rows for hour in hours))
        return
    manifest = store.manifest(SeriesKey.bars(question.instrument, question.timeframe))
    whole = manifest.overlapping(question.start_ns, question.end_ns)[1:-1]
    if whole:
        _admit(question.engine, bars=sum(month.rows for month in whole), events=0)


def admit_market(*, engine: str, market: Market) -> None:
    """Refuse a job over a market that is too much for one.

    Raises
    ------
    MemoryBudgetExceeded
        With the figure and the bound.
    """
    bars = len(market.bars) + (0 if market.detail is None else len(market.detail))
    _admit(engine, bars=bars, events=0 if market.events is None else market.events.count)


def _admit(engine: str, *, bars: int, events: int) -> None:
    predicted = get_engine(engine).memory.predict(bars=bars, events=events)
    budget = settings.PLATFORM.compute.job_memory_mb * _MB
    if predicted > budget:
        raise MemoryBudgetExceeded(
            f"{engine} takes about {predicted / _MB:,.0f} MB for {bars:,} bars and {events:,}"
            f" events, a job may take {budget / _MB:,.0f} MB: ask for a shorter period, or"
            " raise compute.job_memory_mb",
            predicted_mb=round(predicted / _MB, 1),
            budget_mb=budget / _MB,
        )
