"""How often the best set of one half of the days is below the median in the other."""

from dataclasses import dataclass
from typing import Final

from research.examination.facts import SweepFacts
from research.examination.figures import histogram
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.judging import overfitting as overfitting_gate
from research.validation.pbo import DEFAULT_BLOCKS, MAX_BLOCKS, overfitting


@dataclass(frozen=True, slots=True, kw_only=True)
class OverfittingOptions:
    """Into how many blocks the days are cut."""

    n_blocks: int = option(
        DEFAULT_BLOCKS, "blocks of days, even; 16 make 12,870 halves", low=4, high=MAX_BLOCKS
    )


def examine(facts: SweepFacts, options: OverfittingOptions, seed: int) -> Finding:  # noqa: ARG001
    """Choose on every half of the blocks, and look at the other; nothing is random."""
    try:
        found = overfitting(facts.matrix.returns, n_blocks=options.n_blocks)
    except NotComputable as e:
        missing = Undefined(e.detail)
        values: dict[str, Measured] = {value.key: missing for value in TOOL.values}
        return Finding.judged(values, overfitting_gate(missing, facts.thresholds))
    return Finding.judged(
        {
            "pbo": found.pbo,
            "probability_of_loss": found.probability_of_loss,
            "degradation": Undefined("the choices have the same ratio in every half")
            if found.degradation is None
            else found.degradation,
            "in_sample": float(found.in_sample.mean()),
            "out_of_sample": float(found.out_of_sample.mean()),
            "sets": float(found.n_trials),
            "combinations": float(len(found.logits)),
        },
        overfitting_gate(found.pbo, facts.thresholds),
        further=f" In {found.probability_of_loss:.0%} of the halves the choice lost for its risk.",
        figures={
            "logits": histogram(
                "Logits of the rank out of sample: below zero is below the median",
                found.logits,
                name="halves",
            )
        },
    )


TOOL: Final = Tool(
    key="overfitting",
    title="Probability of backtest overfitting",
    question="Is the best set of one half of the days still a good one in the other?",
    subject=Subject.SWEEP,
    needs=Needs.DAYS,
    options=OverfittingOptions,
    values=(
        Value("pbo", "probability of backtest overfitting", Form.PERCENT),
        Value("probability_of_loss", "halves where the choice lost", Form.PERCENT),
        Value("degradation", "slope of the ratio out of sample on that in sample"),
        Value("in_sample", "mean Sharpe a day where chosen"),
        Value("out_of_sample", "mean Sharpe a day in the other half"),
        Value("sets", "sets", Form.COUNT),
        Value("combinations", "halves", Form.COUNT),
    ),
    examine=examine,
)
