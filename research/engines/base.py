"""The contract of a backtest engine."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.metadata import version
from typing import ClassVar, final

import numpy as np

from common.domain.bars import Floats
from research.domain.backtest import BacktestRequest, BacktestResult, Execution, Market
from research.engines.book import Book, keep_book
from research.engines.capabilities import Capabilities, check_supported
from research.engines.decisions import read_targets
from research.engines.invariants import check_account, check_fills, find_ruin
from research.exceptions import NoBarsInPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What an adapter executes.

    Parameters
    ----------
    request, market
        As they were asked.
    targets : ndarray of float64, shape (n_bars,)
        The strategy's targets at each close of the period, checked; NaN keeps.
    """

    request: BacktestRequest
    market: Market
    targets: Floats


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

    @final
    def run(self, request: BacktestRequest, market: Market) -> BacktestResult:
        """Execute a strategy on bars and return the facts.

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
        if market.first == len(market.bars):
            raise NoBarsInPeriod(f"{market.instrument.id} has no bar in the period")
        check_supported(engine=self.name, can=self.capabilities, request=request, market=market)
        task = Task(request=request, market=market, targets=read_targets(request, market))
        execution = self._execute(task)
        check_fills(fills=execution.fills, request=request, market=market)
        book = keep_book(
            fills=execution.fills,
            bars=market.period,
            cash=request.cash,
            lot=float(market.instrument.lot),
        )
        check_account(execution=execution, book=book, request=request, market=market)
        return self._conclude(execution, book, market)

    @abstractmethod
    def _execute(self, task: Task) -> Execution:
        """Run the engine and return what it did, as its own records say.

        Raises
        ------
        EngineFailed
            If the framework raises; its error is the cause.
        """

    def _conclude(self, execution: Execution, book: Book, market: Market) -> BacktestResult:
        ruin = find_ruin(book.equity)
        last = len(book.equity) - 1 if ruin is None else ruin
        last_ns = market.period.open_ns[last]
        return BacktestResult(
            engine=self.name,
            engine_version=version(self.distributions[0]),
            fills=execution.fills[execution.fills["ts_ns"] <= last_ns],
            equity=book.equity[: last + 1],
            cash=float(book.cash[last]),
            quantity=float(book.quantity[last]),
            skipped_orders=int(np.count_nonzero(execution.skipped_ns <= last_ns)),
            ruined=ruin is not None,
        )
