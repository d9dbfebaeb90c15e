"""Where the code of a strategy is run for many sets: here, or in children of the fork server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Protocol

from django.conf import settings

from common.data_pipeline.hashing import bars_hash
from common.domain.memory import peak_rss_bytes
from research.compute import job_files, set_files
from research.compute.job import Job, Tick
from research.compute.market_files import JobMarket, write_market
from research.compute.result_files import read_result
from research.compute.set_answers import longest_warm_up, survey, try_admitted
from research.compute.set_files import SetsRequest, Survey, TriedSet
from research.domain.backtest import Market
from research.domain.grid import admit_each
from research.domain.question import RunQuestion
from research.domain.sweep import SweepQuestion
from research.services.children import (
    check_result,
    describe_loaded,
    ensure_ready,
    job_limits,
    new_job_folder,
)
from trading.models import StrategyVersion
from trading.services.catalogue import load_strategy, record_described, record_version
from trading.strategies import registry
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

# The market of a question with at least that many bars before the period.
type Markets = Callable[[int], Market]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsAsked:
    """Some sets to be tried.

    Parameters
    ----------
    question
        What they have in common, with the parameters that stay fixed.
    sets
        As they are written.
    markets
        Gives the bars.
    fraction
        How much of the period, from its beginning, in (0, 1].
    """

    question: RunQuestion
    sets: tuple[Mapping[str, Value], ...]
    markets: Markets
    fraction: float = 1.0

    def market(self, warm_up: int) -> Market:
        """Return the bars of the part that is asked for."""
        market = self.markets(warm_up)
        if self.fraction == 1.0:
            return market
        rows = ceil(len(market.period) * self.fraction)
        return replace(market, bars=market.bars.rows(0, market.first + rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetsTried:
    """What sets came to, in the order asked; None where one contradicts itself.

    `source_hash` is of the source that was run.
    """

    tried: list[TriedSet]
    source_hash: str
    peak_bytes: int


class Bench(Protocol):
    """Runs the code of a strategy."""

    def survey(self, question: SweepQuestion) -> tuple[StrategyVersion, Survey]:
        """Return which source is run, and what the space of a sweep is like."""
        ...

    def try_sets(self, asked: SetsAsked) -> SetsTried:
        """Return what sets came to."""
        ...


class TerminalBench:
    """Runs it in this process; a strategy is loaded once."""

    def __init__(self) -> None:
        self._loaded: dict[str, tuple[Strategy, str]] = {}

    def survey(self, question: SweepQuestion) -> tuple[StrategyVersion, Survey]:
        """Return which source is run, and what the space of a sweep is like.

        Raises
        ------
        PlatformError
            UnknownStrategy and its like, and what no set of the space could be made of.
        """
        asked = question.question
        strategy = load_strategy(asked.strategy_key)
        found = survey(strategy, asked.params, question.grid, is_counted=question.search is None)
        return record_version(strategy), found

    def try_sets(self, asked: SetsAsked) -> SetsTried:
        """Return what sets came to.

        Raises
        ------
        PlatformError
            What the engine refuses whatever the set is.
        """
        strategy, source_hash = self._load(asked.question.strategy_key)
        sets = list(admit_each(strategy, asked.question.params, asked.sets))
        market = asked.market(longest_warm_up(strategy, sets))
        return SetsTried(
            tried=try_admitted(strategy, market, question=asked.question, sets=sets),
            source_hash=source_hash,
            peak_bytes=peak_rss_bytes(),
        )

    def _load(self, key: str) -> tuple[Strategy, str]:
        if key not in self._loaded:
            strategy = load_strategy(key)
            self._loaded[key] = strategy, registry.describe(strategy, "").source_hash
        return self._loaded[key]


class ChildBench:
    """Runs it in children without credentials, under the limits of a job.

    Parameters
    ----------
    tick
        Called ten times a second while a child works; what it raises ends the child.
    """

    def __init__(self, tick: Tick) -> None:
        self._tick = tick

    def survey(self, question: SweepQuestion) -> tuple[StrategyVersion, Survey]:
        """Return which source is run, and what the space of a sweep is like.

        Raises
        ------
        PlatformError
            As the child reports it, and what `Job` raises where it takes too much.
        """
        request = SetsRequest(
            question=question.question,
            strategy_folder=Path(settings.STRATEGY_FOLDER),
            space=question.grid,
            is_counted=question.search is None,
        )
        with self._job(request) as job:
            job.wait_for_end(self._tick)
            check_result(read_result(job.folder))
            strategy = job_files.read_strategy(job.folder)
            return record_described(describe_loaded(strategy)), set_files.read_survey(job.folder)

    def try_sets(self, asked: SetsAsked) -> SetsTried:
        """Return what sets came to.

        Raises
        ------
        PlatformError
            As the child reports it, and what `Job` raises where it takes too much.
        """
        request = SetsRequest(
            question=asked.question,
            strategy_folder=Path(settings.STRATEGY_FOLDER),
            sets=asked.sets,
        )
        with self._job(request) as job:
            job.wait_for(job_files.STRATEGY, self._tick)
            if job.has_result:
                check_result(read_result(job.folder))
            strategy = job_files.read_strategy(job.folder)
            write_market(job.folder, _named(asked.market(strategy.warm_up)))
            job.wait_for_end(self._tick)
            result = read_result(job.folder)
            check_result(result)
            return SetsTried(
                tried=set_files.read_tried(job.folder),
                source_hash=strategy.source_hash,
                # A short one ends before its memory is looked at.
                peak_bytes=max(job.peak_bytes, result.peak_rss_bytes),
            )

    def _job(self, request: SetsRequest) -> Job:
        ensure_ready()
        folder = new_job_folder("sets")
        set_files.write_request(folder, request)
        return Job(folder, job_limits())


def _named(market: Market) -> JobMarket:
    before = market.bars.rows(0, market.first)
    return JobMarket(market=market, hash=bars_hash(market.period), warm_up_hash=bars_hash(before))
