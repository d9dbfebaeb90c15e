"""Steps that the answers of children have in common."""

import time
from pathlib import Path
from time import perf_counter
from typing import Final

from research.compute import job_files
from research.compute.job_files import LoadedStrategy
from research.compute.market_files import JobMarket, read_market
from research.domain.backtest import BacktestRequest
from research.domain.question import RunQuestion
from research.engines.base import Progress
from research.exceptions import MarketChanged
from trading.strategies import registry
from trading.strategies.base import Contract, Definition, Strategy
from trading.strategies.parameters import Value
from trading.strategies.quoting import QuotingStrategy
from trading.strategies.registry import WrongContract

_MARKET_POLL_SECONDS: Final = 0.005
_PROGRESS_SECONDS: Final = 0.2

type Runnable = Strategy | QuotingStrategy[tuple[float, ...]]


def load(key: str, folder: Path) -> Runnable:
    """Return the code of a strategy that has targets or quotes.

    Raises
    ------
    WrongContract
        If it has neither.
    PlatformError
        UnknownStrategy or BrokenStrategy.
    """
    definition = registry.get_definition(key, folder)
    if not isinstance(definition, Strategy | QuotingStrategy):
        raise WrongContract(definition, Contract.TARGETS)
    return definition


def warm_up_of(strategy: Runnable, params: dict[str, Value]) -> int:
    """Return how many bars before the period a strategy needs."""
    return strategy.warm_up(params) if isinstance(strategy, Strategy) else 0


def request_of(
    question: RunQuestion, strategy: Runnable, params: dict[str, Value]
) -> BacktestRequest:
    """Return what an engine is asked, of a full set of parameters."""
    return BacktestRequest(
        strategy=strategy,
        params=params,
        cash=question.cash,
        costs=question.costs,
        sizing=question.sizing,
        account=question.account,
        rebalance=question.rebalance,
        settings=question.settings,
        seed=question.seed,
    )


def describe(definition: Definition, params: dict[str, Value], warm_up: int) -> LoadedStrategy:
    """Return which strategy was loaded, and how many bars before the period it needs."""
    origin = "library" if definition.key in registry.LIBRARY else "user"
    shown = registry.describe(definition, origin)
    return LoadedStrategy(
        key=shown.key,
        version=shown.version,
        source_hash=shown.source_hash,
        contract=str(shown.contract),
        summary=shown.summary,
        origin=shown.origin,
        params=params,
        warm_up=warm_up,
        parameters=[*shown.parameters],
        default_warm_up=shown.warm_up,
    )


def await_market(job: Path) -> JobMarket:
    """Wait until the worker has written the market, and return it."""
    while not (job / job_files.MARKET).exists():
        time.sleep(_MARKET_POLL_SECONDS)
    return read_market(job)


def check_unchanged(market: JobMarket) -> None:
    """Refuse what was made of bars that a strategy wrote to.

    Raises
    ------
    MarketChanged
        If they are not those that their hashes name.
    """
    if not market.is_unchanged:
        raise MarketChanged(
            f"the bars of {market.market.instrument.id} were changed during the run: a strategy"
            " must only read them",
            instrument=str(market.market.instrument.id),
        )


def noting_progress(job: Path) -> Progress:
    """Return what takes the fraction done and notes it now and then."""
    noted = 0.0

    def note(done: float) -> None:
        nonlocal noted
        now = perf_counter()
        if now - noted >= _PROGRESS_SECONDS:
            noted = now
            job_files.write_progress(job, done)

    return note
