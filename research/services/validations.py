"""The verdict on one strategy: every gate, from trials of the ledger, in one row."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from django.db import transaction

from common.data_pipeline.store import SeriesStore
from common.domain.clock import Clock
from common.domain.enums import RunStatus
from research.domain.question_document import question_to_json
from research.domain.validation_question import ValidationQuestion
from research.engines.base import Progress, ignore_progress
from research.exceptions import MarketChanged, NotValidated
from research.models import Comparison, Run, Sweep, Validation
from research.selectors.sweeps import best_trials, dataset_of
from research.selectors.validations import count_trials_of, trial_sharpes
from research.services import validation_parity, validation_stress
from research.services.attempts import attempt, known, then
from research.services.backtests import run_backtest
from research.services.prepared import PreparedRun
from research.services.preparing import prepare
from research.services.provenance import code_hash, provenance
from research.services.sweep_days import read_days
from research.services.sweep_sittings import Means
from research.services.sweeps import run_sweep
from research.services.validation_returns import ReturnsFound, deflate, judge_returns
from research.validation.gates import Gate, Undefined
from research.validation.judging import Evidence, verdict
from research.validation.lookahead import LookAhead
from research.validation.thresholds import Thresholds
from trading.selectors.thresholds import threshold_values


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who asks what, and where it is looked up."""

    question: ValidationQuestion
    store: SeriesStore
    clock: Clock
    user_id: int | None
    thresholds: Thresholds

    @property
    def common(self) -> dict[str, Any]:
        """What every step is given."""
        return {"store": self.store, "clock": self.clock, "user_id": self.user_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The set that is judged, and what became of it; each may be undefined, with the reason."""

    prepared: PreparedRun
    returns: ReturnsFound
    run: Run | Undefined
    doubled: Run | Undefined
    neighbours: Sweep | Undefined
    comparison: Comparison | Undefined
    delayed_sharpe: float | Undefined
    look_ahead: LookAhead | Undefined


def validate(
    *,
    question: ValidationQuestion,
    store: SeriesStore,
    clock: Clock,
    user_id: int | None = None,
    progress: Progress = ignore_progress,
) -> Validation:
    """Choose the best set, put it through all gates, and return the row of the verdict.

    Parameters
    ----------
    question
        What is judged, and from what it was chosen.
    store, clock
        Where bars are read, and when things end.
    user_id
        Who asks.
    progress
        Takes the fraction of the sets that were tried.

    Raises
    ------
    PlatformError
        As `run_sweep`, for what is wrong with the question, before there is a row.
    NotValidated
        If the sweep did not come to its end; its row says why.
    MarketChanged
        If the bars are not those that were swept any more.
    KeyboardInterrupt
        As it came; trials and runs so far are in the ledger, a verdict is not.

    Notes
    -----
    Everything that is tried is a trial of the ledger before the trials are counted: the sets,
    the neighbours, and the chosen set at doubled costs.
    """
    asked = _Asked(
        question=question,
        store=store,
        clock=clock,
        user_id=user_id,
        thresholds=Thresholds.of(threshold_values()),
    )
    means = Means(store=store, clock=clock, progress=progress)
    sweep = run_sweep(question=question.sweep, means=means, user_id=user_id)
    if sweep.status != RunStatus.SUCCEEDED:
        raise NotValidated(f"{sweep} is {sweep.status}: {sweep.error_detail}", sweep=sweep.pk)
    dataset = dataset_of(sweep)
    best = best_trials(sweep, count=1).first()
    if best is None:
        return _record(asked, sweep, chosen=None)
    chosen_question = replace(question.sweep.question, params=best.params)
    prepared = prepare(question=chosen_question, store=store)
    if prepared.loaded.hash != dataset.hash:
        raise MarketChanged(f"the bars of {prepared.loaded.key} changed: validate again")
    matrix = read_days(sweep)
    returns = judge_returns(
        matrix,
        chosen=matrix.column(best.number),
        question=question,
        level=asked.thresholds.bootstrap_level,
    )
    return _record(asked, sweep, chosen=_put_to_the_test(asked, prepared, returns))


def _put_to_the_test(asked: _Asked, prepared: PreparedRun, returns: ReturnsFound) -> _Chosen:
    question, seed = asked.question, asked.question.sweep.question.seed
    return _Chosen(
        prepared=prepared,
        returns=returns,
        run=attempt(lambda: run_backtest(question=prepared.question, **asked.common)),
        doubled=attempt(lambda: validation_stress.run_doubled(prepared.question, **asked.common)),
        neighbours=attempt(
            lambda: validation_stress.try_neighbours(question, chosen=prepared, **asked.common)
        ),
        comparison=attempt(
            lambda: validation_parity.compare(
                prepared,
                n_bars=question.parity_bars,
                processes=question.processes,
                **asked.common,
            )
        ),
        delayed_sharpe=attempt(lambda: validation_stress.delayed_sharpe(prepared)),
        look_ahead=validation_stress.look_ahead(prepared, np.random.default_rng(seed)),
    )


def _record(asked: _Asked, sweep: Sweep, *, chosen: _Chosen | None) -> Validation:
    n_trials = (
        count_trials_of(sweep.strategy_version, dataset_of(sweep)) + asked.question.prior_trials
    )
    figures: dict[str, Any] = {}
    if chosen is None:
        evidence = _nothing(sweep, n_trials)
    else:
        evidence, deflation = _evidence(chosen, sweep, n_trials)
        figures = {
            **chosen.returns.figures,
            "deflation": deflation,
            # The gate shows one of them; which of them suffices may change.
            "sample": {"round_trips": known(evidence.round_trips), "years": known(evidence.years)},
        }
    found = verdict(evidence, asked.thresholds)
    origin, sources = provenance(), code_hash()
    with transaction.atomic():
        return Validation.objects.create(
            experiment=sweep.experiment,
            strategy_version=sweep.strategy_version,
            dataset=dataset_of(sweep),
            created_by_id=asked.user_id,
            sweep=sweep,
            neighbours=known(chosen.neighbours) if chosen else None,
            run=known(chosen.run) if chosen else None,
            doubled_run=known(chosen.doubled) if chosen else None,
            comparison=known(chosen.comparison) if chosen else None,
            passed=found.passed,
            params=dict(chosen.prepared.request.params) if chosen else None,
            question={
                **question_to_json(asked.question.sweep.question),
                **asked.question.describe(),
                "thresholds": asdict(asked.thresholds),
            },
            n_trials=n_trials,
            gates=[_describe_gate(gate) for gate in found.gates],
            figures=figures,
            provenance=origin,
            code_hash=sources,
        )


def _evidence(chosen: _Chosen, sweep: Sweep, n_trials: int) -> tuple[Evidence, dict[str, Any]]:
    returns = chosen.returns
    deflated, figures = deflate(
        returns.estimate,
        sharpes=trial_sharpes(sweep.strategy_version, dataset_of(sweep)),
        n_trials=n_trials,
    )
    evidence = Evidence(
        round_trips=returns.round_trips,
        years=returns.years,
        n_trials=n_trials,
        deflated_sharpe=deflated,
        overfitting=returns.overfitting,
        walk_forward_efficiency=returns.walk_forward_efficiency,
        walk_forward_windows=returns.walk_forward_windows,
        doubled_costs=then(chosen.doubled, validation_stress.total_return),
        sharpe=then(returns.estimate, lambda of: of.sharpe),
        delayed_sharpe=chosen.delayed_sharpe,
        neighbourhood=then(chosen.neighbours, validation_stress.neighbourhood),
        bootstrap=returns.bootstrap,
        parity=then(chosen.comparison, validation_parity.unexplained),
        look_ahead=chosen.look_ahead,
    )
    return evidence, figures


def _nothing(sweep: Sweep, n_trials: int) -> Evidence:
    """Return the evidence of a sweep none of whose sets may be ranked."""
    failed = sweep.trials.exclude(error="").order_by("number").first()
    cause = f"; set {failed.number} failed: {failed.error}" if failed else ""
    none = Undefined(
        f"none of the {sweep.trials.count()} sets has a Sharpe ratio and"
        f" {sweep.min_round_trips} round trips, so there is none to judge{cause}"
    )
    return Evidence(
        round_trips=none,
        years=none,
        n_trials=n_trials,
        deflated_sharpe=none,
        overfitting=none,
        walk_forward_efficiency=none,
        walk_forward_windows=none,
        doubled_costs=none,
        sharpe=none,
        delayed_sharpe=none,
        neighbourhood=none,
        bootstrap=none,
        parity=none,
        look_ahead=none,
    )


def _describe_gate(gate: Gate) -> dict[str, Any]:
    return {
        "name": gate.key,
        "value": gate.number,
        "comparison": gate.comparison.value,
        "threshold": gate.threshold,
        "passed": gate.passed,
        "sentence": gate.sentence,
    }
