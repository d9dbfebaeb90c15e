"""What tools are given of a run: what it left, or its question to be asked anew."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.data_pipeline.store import SeriesStore
from common.domain.canonical import canonical_hash
from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.enums import RunStatus
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.instruments import InstrumentId
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.selectors.market_data import get_instrument
from research.domain.question import NativeSource, RunQuestion
from research.domain.question_document import settings_from_json
from research.examination.facts import RunFacts, TrialFacts
from research.exceptions import ArtefactDamaged, MarketChanged, NotExaminable, SourceChanged
from research.models import Dataset, Run
from research.selectors.facts import artefact_of, read_artefact
from research.selectors.validations import count_trials_of, trial_sharpes
from research.services import datasets
from research.services.datasets import LoadedMarket
from research.services.means import Means
from research.services.prepared import PreparedRun
from trading.models import StrategyVersion
from trading.services.catalogue import load_any_strategy
from trading.strategies.base import Contract
from trading.strategies.source import file_hash, source_hash

# Written beside the settings of a run on recorded events, whose series has no timeframe.
_RECORDED = ("timeframe", "events_hash")


def check_examinable(run: Run) -> None:
    """Refuse a run that no tool can say something about.

    Raises
    ------
    NotExaminable
        If it did not succeed, or its strategy quotes.
    """
    if run.status != RunStatus.SUCCEEDED:
        raise NotExaminable(
            f"{run} is {run.status}: only what succeeded can be examined", run=run.pk
        )
    if run.strategy_version.contract == Contract.QUOTES:
        raise NotExaminable(
            f"{run} is of {run.strategy_version.strategy.key}, which quotes: the tools look at"
            " strategies that have targets",
            run=run.pk,
        )


def read_run_facts(run: Run, *, store: SeriesStore) -> RunFacts:
    """Return what a run left, with its bars and the trials so far.

    Raises
    ------
    ArtefactDamaged
        If a file is missing or not what the run left.
    MarketChanged
        If the bars are not those of the run any more.
    """
    dataset = _dataset(run)
    question = question_of(run)
    loaded = datasets.load_market(
        store=store, spec=get_instrument(question.instrument).spec, question=question, warm_up=0
    )
    _check_bars(run, dataset, loaded)
    return RunFacts(
        bars=loaded.period,
        fills=_fills(run),
        equity=_columns(run, "equity")["equity"],
        cash=question.cash,
        lot=float(run.instrument_sizes["lot"]),
        trials=trial_facts(run.strategy_version, dataset),
    )


def trial_facts(version: StrategyVersion, dataset: Dataset) -> TrialFacts:
    """Return what was tried of a lineage on an instrument and a period."""
    return TrialFacts(
        count=count_trials_of(version, dataset), sharpes=trial_sharpes(version, dataset)
    )


def ask_again(run: Run, *, means: Means, native: NativeSource | None) -> PreparedRun:
    """Return a run's question with everything it names looked up, equal to what it was.

    Parameters
    ----------
    run
        One that can be examined.
    means
        Where its bars are, and who loads its strategy.
    native
        Where the file lies of a strategy that is not of the platform.

    Raises
    ------
    SourceChanged
        If the strategy is not the one that ran any more; the message has both hashes.
    MarketChanged
        If the bars are not those of the run any more.
    NotExaminable
        If another input changed, or a strategy file is missing, or given for a run without one.
    PlatformError
        As `Executor.prepare`.
    """
    _check_native(run, native)
    if not means.is_worker:
        # Before a strategy that is another refuses the parameters; a child loads it first.
        _check_source(run, _source_here(run, native))
    question = replace(question_of(run), native=native)
    prepared = means.executor().prepare(question)
    _check_source(run, prepared.strategy_version.source_hash)
    _check_bars(run, _dataset(run), prepared.loaded)
    if canonical_hash(prepared.inputs()) != run.input_hash:
        raise NotExaminable(
            f"the inputs of {run} are not what they were: the engine was {run.engine}"
            f" {run.engine_version} and is {prepared.engine_version}, or the instrument's sizes,"
            " its warm-up or its funding changed; run it anew",
            run=run.pk,
        )
    return prepared


def question_of(run: Run) -> RunQuestion:
    """Return what was asked, with the period that was found; a strategy file is not named."""
    instrument, dataset = run.series.instrument, _dataset(run)
    settings = {name: value for name, value in run.settings.items() if name not in _RECORDED}
    native = run.strategy_version.contract == Contract.NATIVE
    return RunQuestion(
        strategy_key=run.strategy_version.strategy.key,
        engine=run.engine,
        instrument=InstrumentId(instrument.symbol, instrument.venue.code),
        timeframe=Timeframe(run.series.timeframe or run.settings["timeframe"]),
        params=run.params,
        start_ns=to_ns(dataset.start_at),
        end_ns=to_ns(dataset.end_at),
        cash=float(run.cash),
        costs=CostModel(
            fee_rate=float(run.fee_rate),
            maker_fee_rate=float(run.maker_fee_rate),
            slippage=float(run.slippage),
            funding=run.funding,
        ),
        # How large and how often the orders of a strategy file are is its own affair.
        sizing=Sizing() if native else Sizing.parse(run.sizing),
        account=AccountType(run.account),
        rebalance=Rebalance.ON_CHANGE if native else Rebalance(run.rebalance),
        settings=settings_from_json(settings),
        seed=run.seed,
        allow_dirty=run.allow_dirty,
        experiment=run.experiment.name,
    )


def _check_native(run: Run, native: NativeSource | None) -> None:
    is_native = run.strategy_version.contract == Contract.NATIVE
    if is_native is (native is None):
        wanted = (
            "was of a strategy file: say at a terminal where it lies"
            if is_native
            else "was of no strategy file"
        )
        raise NotExaminable(f"{run} {wanted}", run=run.pk)


def _source_here(run: Run, native: NativeSource | None) -> str:
    if native is not None:
        return file_hash(native.path)
    return source_hash(load_any_strategy(run.strategy_version.strategy.key))


def _check_source(run: Run, found: str) -> None:
    recorded = run.strategy_version.source_hash
    if found != recorded:
        raise SourceChanged(
            f"the source of {run.strategy_version.strategy.key} has hash {found}, {run} was made"
            f" with {recorded}: run it anew",
            found=found,
            recorded=recorded,
        )


def _dataset(run: Run) -> Dataset:
    if run.dataset is None:
        raise NotExaminable(f"{run} names no bars", run=run.pk)
    return run.dataset


def _check_bars(run: Run, dataset: Dataset, loaded: LoadedMarket) -> None:
    if loaded.hash != dataset.hash:
        raise MarketChanged(
            f"the bars of {loaded.key} have hash {loaded.hash[:12]}, {run} was made on"
            f" {dataset.hash[:12]}: run it anew",
            found=loaded.hash,
            recorded=dataset.hash,
        )


def _fills(run: Run) -> Fills:
    columns = _columns(run, "fills")
    fills = np.zeros(len(columns["ts_ns"]), FILL_DTYPE)
    for name in fills.dtype.names or ():
        fills[name] = columns[name]
    return fills


def _columns(run: Run, kind: str) -> dict[str, NDArray[Any]]:
    artefact = artefact_of(run, kind)
    if artefact is None:
        raise ArtefactDamaged(f"{run} names no file of its {kind}")
    return read_artefact(artefact)
