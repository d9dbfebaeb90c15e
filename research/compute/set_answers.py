"""What a child answers about many sets: what a space is like, or what some of it came to."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from common.domain.memory import peak_rss_bytes
from research.compute import job_files, set_files
from research.compute.answering import await_market, check_unchanged, describe, request_of
from research.compute.result_files import JobResult
from research.compute.set_files import SetsRequest, Survey, TriedSet
from research.compute.set_trials import try_sets
from research.domain.backtest import Market
from research.domain.grid import Grid, admit_each
from research.domain.question import RunQuestion
from research.domain.set_list import SetList
from trading.strategies import registry
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

_LOOKED_AT: Final = 10_000


def answer(job: Path) -> JobResult:
    """Look at a space, or try sets of it.

    Raises
    ------
    PlatformError
        What the strategy and the engine refuse whatever the set is, and MarketChanged.
    """
    asked = set_files.read_request(job)
    strategy = registry.get_strategy(asked.question.strategy_key, asked.strategy_folder)
    began = perf_counter()
    if asked.space is not None:
        _answer_survey(job, strategy, asked)
    else:
        began = _answer_tried(job, strategy, asked)
    seconds = perf_counter() - began
    return JobResult(
        facts=None, error=None, engine_seconds=seconds, peak_rss_bytes=peak_rss_bytes()
    )


def survey(
    strategy: Strategy, fixed: Mapping[str, Value], space: Grid | SetList, *, is_counted: bool
) -> Survey:
    """Return what a space is like.

    Raises
    ------
    PlatformError
        InvalidParameter or InvalidArgument, where no set of it could be tried.
    """
    space.check(strategy, fixed)
    if not is_counted:
        return Survey(warm_up=0, n_contradictory=0)
    warm_up = n_contradictory = 0
    # A million sets at once would take more memory than trying them.
    for first in range(0, space.size, _LOOKED_AT):
        sets = list(admit_each(strategy, fixed, space.written(first, _LOOKED_AT)))
        warm_up = max(warm_up, longest_warm_up(strategy, sets))
        n_contradictory += sets.count(None)
    return Survey(warm_up=warm_up, n_contradictory=n_contradictory)


def longest_warm_up(strategy: Strategy, sets: Iterable[dict[str, Value] | None]) -> int:
    """Return how many bars before the period any of the sets needs."""
    return max((strategy.warm_up(params) for params in sets if params is not None), default=0)


def try_admitted(
    strategy: Strategy,
    market: Market,
    *,
    question: RunQuestion,
    sets: Sequence[dict[str, Value] | None],
) -> list[TriedSet]:
    """Return what each set came to, day by day; None where it contradicts itself."""
    sound = [params for params in sets if params is not None]
    request = request_of(question, strategy, {})
    tried = iter(try_sets(request, market, engine=question.engine, sets=sound, by_day=True))
    return [None if params is None else (params, next(tried)) for params in sets]


def _answer_survey(job: Path, strategy: Strategy, asked: SetsRequest) -> None:
    if asked.space is None:
        return
    found = survey(strategy, asked.question.params, asked.space, is_counted=asked.is_counted)
    set_files.write_survey(job, found)
    job_files.write_strategy(job, describe(strategy, {}, found.warm_up))


def _answer_tried(job: Path, strategy: Strategy, asked: SetsRequest) -> float:
    """Try the sets, and return when that began."""
    sets = list(admit_each(strategy, asked.question.params, asked.sets))
    job_files.write_strategy(job, describe(strategy, {}, longest_warm_up(strategy, sets)))
    market = await_market(job)
    began = perf_counter()
    tried = try_admitted(strategy, market.market, question=asked.question, sets=sets)
    check_unchanged(market)
    set_files.write_tried(job, tried)
    return began
