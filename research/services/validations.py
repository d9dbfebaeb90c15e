"""The verdict on one strategy: every gate, from trials of the ledger, in one row."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction

from common.domain.enums import RunStatus
from common.domain.time import to_ns
from research.domain.question import RunQuestion
from research.domain.question_document import question_to_json
from research.domain.set_list import SetList
from research.domain.validation_question import ValidationQuestion
from research.engines.base import ignore_progress
from research.exceptions import MarketChanged, NotValidated
from research.models import Comparison, Run, Sweep, Trial, Validation
from research.selectors.sweeps import best_trials, dataset_of
from research.selectors.validations import count_trials_of, trial_sharpes
from research.services import validation_parity, validation_stress
from research.services.attempts import attempt, known, then
from research.services.comparisons import compare_engines
from research.services.executors import Executor
from research.services.means import Means
from research.services.prepared import PreparedRun
from research.services.provenance import judging_hash, provenance
from research.services.sweep_days import read_days
from research.services.sweeps import run_sweep
from research.services.validation_returns import ReturnsFound, deflate, judge_returns
from research.validation.gates import Gate, Undefined
from research.validation.judging import Evidence, verdict
from research.validation.lookahead import LookAhead
from research.validation.thresholds import Thresholds
from trading.selectors.thresholds import threshold_values

type Step = Callable[[str], None]


def say_nothing(step: str) -> None:
    """Take what is being done and do nothing with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who asks what, and with what it is found."""

    question: ValidationQuestion
    means: Means
    executor: Executor
    user_id: int | None
    report: Step
    thresholds: Thresholds

    def run(self, question: RunQuestion) -> Run:
        """Run a question, in the ledger."""
        return self.executor.run(question, user_id=self.user_id)


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
    means: Means,
    user_id: int | None = None,
    report: Step = say_nothing,
) -> Validation:
    """Choose the best set, put it through all gates, and return the row of the verdict.

    Parameters
    ----------
    question, means
        What is judged and from what it was chosen, and with what.
    user_id
        Who asks.
    report
        Called with what is being done, in words, before each step.

    Raises
    ------
    PlatformError
        As `run_sweep`, for what is wrong with the question, before there is a row.
    NotValidated
        If the sweep did not come to its end, or has not the set that was chosen.
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
        means=means,
        executor=means.executor(),
        user_id=user_id,
        report=report,
        thresholds=Thresholds.of(threshold_values()),
    )
    report("trying the sets")
    sweep = run_sweep(question=question.sweep, means=means, user_id=user_id)
    if sweep.status != RunStatus.SUCCEEDED:
        raise NotValidated(f"{sweep} is {sweep.status}: {sweep.error_detail}", sweep=sweep.pk)
    best = _choose(sweep, question)
    if best is None:
        return _record(asked, sweep, chosen=None)
    # Bars that came meanwhile are not judged: nobody could have chosen by them.
    chosen_question = replace(
        question.sweep.question, params=best.params, end_ns=to_ns(dataset_of(sweep).end_at)
    )
    prepared = asked.executor.prepare(chosen_question)
    if prepared.loaded.hash != dataset_of(sweep).hash:
        raise MarketChanged(f"the bars of {prepared.loaded.key} changed: validate again")
    report("judging their daily returns")
    matrix = read_days(sweep)
    returns = judge_returns(
        matrix,
        chosen=matrix.column(best.number),
        question=question,
        level=asked.thresholds.bootstrap_level,
    )
    return _record(asked, sweep, chosen=_put_to_the_test(asked, prepared, returns))


def _choose(sweep: Sweep, question: ValidationQuestion) -> Trial | None:
    """Return the set to judge: the best, or the one that was named.

    Raises
    ------
    NotValidated
        If not exactly one set that may rank has that name.
    """
    if not question.choice:
        return best_trials(sweep, count=1).first()
    found = [
        trial
        for trial in sweep.trials.filter(value__isnull=False)
        if all(_has(trial, name, text) for name, text in question.choice.items())
    ]
    if len(found) != 1:
        named = " ".join(f"{name}={text}" for name, text in question.choice.items())
        raise NotValidated(
            f"{len(found)} of the sets that may rank have {named}, must be exactly one",
            sweep=sweep.pk,
        )
    return found[0]


def _has(trial: Trial, name: str, text: str) -> bool:
    return str(trial.params.get(name)).lower() == text.lower()


def _put_to_the_test(asked: _Asked, prepared: PreparedRun, returns: ReturnsFound) -> _Chosen:
    asked.report("running the chosen set")
    run = attempt(lambda: asked.run(prepared.question))
    asked.report("running it at doubled costs")
    doubled = attempt(lambda: asked.run(validation_stress.with_doubled_costs(prepared.question)))
    asked.report("trying its neighbours")
    neighbours = attempt(lambda: _try_neighbours(asked, prepared))
    asked.report("comparing it on another engine")
    comparison = attempt(lambda: _compare(asked, prepared))
    asked.report("delaying it, and looking for the future in it")
    ask, seed = asked.executor.ask, asked.question.sweep.question.seed
    return _Chosen(
        prepared=prepared,
        returns=returns,
        run=run,
        doubled=doubled,
        neighbours=neighbours,
        comparison=comparison,
        delayed_sharpe=attempt(lambda: float(ask(prepared, "delayed_sharpe")["sharpe"])),
        look_ahead=attempt(
            lambda: validation_stress.read_look_ahead(ask(prepared, "look_ahead", seed=seed))
        ),
    )


def _try_neighbours(asked: _Asked, prepared: PreparedRun) -> Sweep:
    """Try the sets around the chosen one, each a trial of the ledger."""
    around = asked.executor.ask(prepared, "neighbours")["sets"]
    swept = asked.question.sweep
    question = replace(
        swept,
        question=replace(prepared.question, params={}),
        grid=SetList(tuple(around)),
        search=None,
        further=(),
    )
    means = replace(asked.means, progress=ignore_progress)
    return run_sweep(question=question, means=means, user_id=asked.user_id)


def _compare(asked: _Asked, prepared: PreparedRun) -> Comparison:
    """Run the chosen set on a second engine, over the last bars of its period."""
    question = validation_parity.question_of(
        prepared, asked.executor, n_bars=asked.question.parity_bars
    )
    return compare_engines(
        asked=question,
        means=asked.means,
        processes=asked.question.processes,
        user_id=asked.user_id,
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
    origin, sources = provenance(), judging_hash()
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
