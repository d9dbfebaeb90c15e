"""What the Sharpe ratio of the best set of a sweep is worth, given all that was tried."""

from typing import Final

from research.examination.deflated_sharpe import VALUES, DeflationOptions, deflate
from research.examination.facts import SweepFacts, write_set
from research.examination.tool import Finding, Needs, Subject, Tool, judge
from research.validation.gates import Measured, Undefined
from research.validation.judging import deflated_sharpe as deflated_gate


def examine(facts: SweepFacts, options: DeflationOptions, seed: int) -> Finding:  # noqa: ARG001
    """Deflate the Sharpe ratio of the set that ranks highest; nothing is random."""
    matrix = facts.matrix
    if facts.best is None or facts.best not in matrix.numbers:
        missing = Undefined("none of the sets that were executed may rank")
        values: dict[str, Measured] = {value.key: missing for value in VALUES}
        n_trials = facts.trials.count + options.prior_trials
        return Finding(values=values, **judge(deflated_gate(missing, n_trials=n_trials)))
    found = deflate(matrix.column(facts.best), facts.trials, options)
    params = matrix.sets[matrix.numbers.index(facts.best)]
    return Finding(
        values=found.values,
        sentence=f"Of {write_set(params)}: {found.sentence[0].lower()}{found.sentence[1:]}",
        passed=found.passed,
        figures=found.figures,
    )


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
