"""The contract of a backtest engine."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar, final

import numpy as np

from common.domain.bars import Floats
from research.domain.backtest import (
    BacktestRequest,
    BacktestResult,
    Execution,
    Market,
    NativeRequest,
)
from research.engines.book import Book, keep_book
from research.engines.capabilities import Capabilities, check_native_supported, check_supported
from research.engines.decisions import read_targets
from research.engines.exceptions import UnsupportedFeature, keeping
from research.engines.funding import with_due_funding
from research.engines.invariants import (
    check_account,
    check_fills,
    check_funding,
    check_native_fills,
    find_ruin,
)
from research.engines.memory import MemoryModel
from research.exceptions import NoBarsInPeriod
from trading.strategies.base import StopSpec, Strategy

type Progress = Callable[[float], None]


def ignore_progress(done: float) -> None:
    """Take the fraction done, in [0, 1], and do nothing with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What an adapter executes.

    Parameters
    ----------
    request, market
        As they were asked; funding rates are those of the period, each with its mark.
    targets : ndarray of float64, shape (n_bars,)
        The strategy's targets at each close of the period, checked; NaN keeps. None of
        a quoting strategy.
    stops
        Exits beside the targets, or None.
    progress
        Takes the fraction done; to be called now and then.
    """

    request: BacktestRequest
    market: Market
    targets: Floats | None
    stops: StopSpec | None = None
    progress: Progress = ignore_progress

    @property
    def exposures(self) -> Floats:
        """The targets of a strategy that has some.

        Raises
        ------
        UnsupportedFeature
            If it quotes instead.
        """
        if self.targets is None:
            raise UnsupportedFeature(
                f"strategy {self.request.strategy.key} has no targets: it quotes",
                features=["quotes"],
            )
        return self.targets


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeTask:
    """A person's own strategy file, what to run it on, and where to report."""

    request: NativeRequest
    market: Market
    progress: Progress = ignore_progress


class BacktestEngine(ABC):
    """Something that turns targets into fills.

    Attributes
    ----------
    name
        As commands and the ledger write it.
    requirement
        What pip installs, without a version: requirements.txt pins it.
    distributions
        Packages that must be installed; the first one's version is the engine's.
    capabilities
        What it can do; everything else is refused.
    memory
        What one run takes, by which a job is admitted.

    Notes
    -----
    Targets are pure and are computed once, before the engine runs. Quantities are
    not: an adapter lets the engine size every order from its own account.

    An engine keeps nothing between runs. An adapter's module imports its framework
    inside functions only, so that its capabilities can be listed without it.
    """

    name: ClassVar[str]
    requirement: ClassVar[str]
    distributions: ClassVar[tuple[str, ...]]
    capabilities: ClassVar[Capabilities]
    memory: ClassVar[MemoryModel]

    def preload(self) -> None:  # noqa: B027 - one without a heavy framework has nothing to do
        """Import the framework, so that children forked from this process need not.

        Raises
        ------
        EngineFailed
            If it cannot be imported.
        """

    @final
    def run(
        self, request: BacktestRequest, market: Market, progress: Progress = ignore_progress
    ) -> BacktestResult:
        """Execute a strategy and return the facts.

        Raises
        ------
        NoBarsInPeriod
            If the period has no bar.
        UnsupportedFeature
            If the request needs what the engine or the account cannot do.
        InvalidTargets
            If the strategy answers with something other than exposures.
        EngineFailed
            If the engine raises.
        InvariantViolated
            If what it reports contradicts itself or the request.
        """
        market = _require_bars(market)
        check_supported(engine=self.name, can=self.capabilities, request=request, market=market)
        strategy = request.strategy
        execution = self._execute(
            Task(
                request=request,
                market=market,
                targets=read_targets(request, market),
                stops=strategy.stops(request.params) if isinstance(strategy, Strategy) else None,
                progress=progress,
            )
        )
        with keeping(execution):
            check_fills(fills=execution.fills, request=request, market=market)
            return self._conclude(execution, request, market)

    @final
    def run_native(
        self, request: NativeRequest, market: Market, progress: Progress = ignore_progress
    ) -> BacktestResult:
        """Execute a person's own strategy file of this engine and return the facts.

        Raises
        ------
        NoBarsInPeriod, UnsupportedFeature, EngineFailed, InvariantViolated
            As `run`.
        InvalidNativeStrategy
            If the file does not hold such a strategy.
        """
        market = _require_bars(market)
        check_native_supported(
            engine=self.name, can=self.capabilities, request=request, market=market
        )
        task = NativeTask(request=request, market=market, progress=progress)
        execution = self._execute_native(task)
        with keeping(execution):
            check_native_fills(fills=execution.fills, request=request, market=market)
            return self._conclude(execution, request, market)

    @abstractmethod
    def _execute(self, task: Task) -> Execution:
        """Run the engine and return what it did, as its own records say.

        Raises
        ------
        EngineFailed
            If the framework raises; its error is the cause.
        """

    def _execute_native(self, task: NativeTask) -> Execution:
        """Run a person's own strategy and return what it did, as the engine's records say.

        Raises
        ------
        EngineFailed
            If the framework or the strategy raises; its error is the cause.
        InvalidNativeStrategy
            If the file does not hold such a strategy.
        UnsupportedFeature
            If the engine runs no files.
        """
        raise UnsupportedFeature(
            f"engine {self.name} runs no strategy files of its own: {task.request.path.name}",
            engine=self.name,
            features=["native"],
        )

    def _conclude(
        self, execution: Execution, request: BacktestRequest | NativeRequest, market: Market
    ) -> BacktestResult:
        check_funding(execution=execution, market=market)
        book = keep_book(
            fills=execution.fills,
            bars=market.period,
            cash=request.cash,
            lot=float(market.instrument.lot),
            funding=execution.funding,
        )
        check_account(execution=execution, book=book, request=request, market=market)
        return self._cut_at_ruin(execution, book, market)

    def _cut_at_ruin(self, execution: Execution, book: Book, market: Market) -> BacktestResult:
        ruin = find_ruin(book.equity)
        last = len(book.equity) - 1 if ruin is None else ruin
        # On bars everything that is counted happens before the close of the last one.
        end_ns = market.period.open_ns[last] + market.period.timeframe.nanoseconds
        return BacktestResult(
            engine=self.name,
            engine_version=version(self.distributions[0]),
            fills=execution.fills[execution.fills["ts_ns"] < end_ns],
            equity=book.equity[: last + 1],
            cash=float(book.cash[last]),
            quantity=float(book.quantity[last]),
            skipped_orders=int(np.count_nonzero(execution.skipped_ns < end_ns)),
            ruined=ruin is not None,
            funding=execution.funding[execution.funding["ts_ns"] < end_ns],
        )


def _require_bars(market: Market) -> Market:
    if market.first == len(market.bars):
        raise NoBarsInPeriod(f"{market.instrument.id} has no bar in the period")
    return with_due_funding(market)
