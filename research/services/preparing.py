"""Look up everything that a question names, before there is a row of the run."""

from pathlib import Path

from common.data_pipeline.store import SeriesStore
from exchanges.selectors.market_data import get_instrument
from exchanges.services.catalogue import register_series
from research.domain.backtest import BacktestRequest, NativeRequest
from research.domain.question import NativeSource, RunQuestion
from research.engines.registry import engine_version
from research.exceptions import SourceChanged
from research.services import datasets
from research.services.prepared import PreparedRun, Request
from trading.models import StrategyVersion
from trading.services.catalogue import load_any_strategy, record_native_version, record_version
from trading.strategies.base import Strategy
from trading.strategies.source import file_hash


def prepare(*, question: RunQuestion, store: SeriesStore) -> PreparedRun:
    """Look up everything a question names.

    Raises
    ------
    PlatformError
        UnknownEngine, EngineNotInstalled, UnknownStrategy, InvalidParameter,
        UnknownInstrument, SeriesNotFound, NoBarsInPeriod or DetailMissing.
    """
    engine_version(question.engine)  # One that is not there is said before anything is loaded.
    request, strategy_version, warm_up = (
        _prepare_strategy(question)
        if question.native is None
        else _prepare_native(question, question.native)
    )
    return assemble(
        question=question,
        request=request,
        strategy_version=strategy_version,
        warm_up=warm_up,
        store=store,
    )


def assemble(
    *,
    question: RunQuestion,
    request: Request,
    strategy_version: StrategyVersion,
    warm_up: int,
    store: SeriesStore,
) -> PreparedRun:
    """Read the market of a question whose strategy is known.

    Raises
    ------
    PlatformError
        As `prepare`.
    """
    instrument = get_instrument(question.instrument)
    market = datasets.load_market(
        store=store, spec=instrument.spec, question=question, warm_up=warm_up
    )
    return PreparedRun(
        question=question,
        request=request,
        strategy_version=strategy_version,
        series=register_series(store=store, key=market.key),
        loaded=market,
        engine_version=engine_version(question.engine),
    )


def check_source(path: Path, version: StrategyVersion) -> None:
    """Refuse a result of another strategy file than the one that names it.

    Raises
    ------
    SourceChanged
        If the file was changed while it ran.
    """
    if file_hash(path) != version.source_hash:
        raise SourceChanged(f"{path} was changed during the run", path=str(path))


type _Prepared = tuple[BacktestRequest | NativeRequest, StrategyVersion, int]


def _prepare_strategy(question: RunQuestion) -> _Prepared:
    strategy = load_any_strategy(question.strategy_key)
    params = strategy.admit(question.params)
    request = BacktestRequest(
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
    warm_up = strategy.warm_up(params) if isinstance(strategy, Strategy) else 0
    return request, record_version(strategy), warm_up


def _prepare_native(question: RunQuestion, native: NativeSource) -> _Prepared:
    request = NativeRequest(
        path=native.path,
        class_name=native.class_name,
        params=question.params,
        cash=question.cash,
        costs=question.costs,
        account=question.account,
        settings=question.settings,
        seed=question.seed,
    )
    version = record_native_version(
        key=native.key(question.engine),
        engine=question.engine,
        source_hash=file_hash(native.path),
    )
    return request, version, 0
