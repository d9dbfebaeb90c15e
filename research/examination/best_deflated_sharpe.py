"""What the Sharpe ratio of the best set of a sweep is worth, given all that was tried."""

from dataclasses import replace
from typing import Final

from research.examination.deflated_sharpe import (
    VALUES,
    DeflationOptions,
    deflate,
    undefined,
)
from research.examination.facts import SweepFacts, write_set
from research.examination.tool import Finding, Needs, Subject, Tool
from research.validation.gates import Undefined
from research.validation.judging import deflated_sharpe as deflated_gate


def examine(facts: SweepFacts, options: DeflationOptions, seed: int) -> Finding:  # noqa: ARG001
    """Deflate the Sharpe ratio of the set that ranks highest; nothing is random."""
    matrix = facts.matrix
    if facts.best is None or facts.best not in matrix.numbers:
        missing = Undefined("none of the sets that were executed may rank")
        n_trials = facts.trials.count + options.prior_trials
        values = undefined(missing, days=len(matrix.day_ns), n_trials=n_trials)
        gate = deflated_gate(missing, facts.thresholds, n_trials=n_trials)
        return Finding.judged(values, gate)
    found = deflate(matrix.column(facts.best), facts.trials, options, thresholds=facts.thresholds)
    params = matrix.sets[matrix.numbers.index(facts.best)]
    said = f"Of {write_set(params)}: {found.sentence[0].lower()}{found.sentence[1:]}"
    return replace(found, sentence=said)


TOOL: Final = Tool(
    key="best_deflated_sharpe",
    title="Deflated Sharpe ratio of the best set",
    question="Is the best set's Sharpe ratio more than the best of so many trials has by luck?",
    subject=Subject.SWEEP,
    needs=Needs.DAYS,
    options=DeflationOptions,
    values=VALUES,
    examine=examine,
)
