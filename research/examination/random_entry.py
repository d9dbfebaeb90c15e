"""Whether the time of entries matters, or the same positions at random times do as well."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from common.domain.bars import Floats
from research.examination.facts import RunFacts
from research.examination.figures import histogram
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.exceptions import NotComputable
from research.validation.gates import Measured, Undefined
from research.validation.significance import permutation_test, random_entry_test


class Draw(StrEnum):
    """What is drawn at random."""

    ENTRIES = "entries"  # where the positions lie in the market as it was
    RETURNS = "returns"  # in what order the market's returns come


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOptions:
    """What is drawn, and how often."""

    n_draws: int = option(1_000, "random draws", low=1, high=100_000)
    draw: Draw = option(Draw.ENTRIES, "entries keep the market, returns the positions")


_TESTS: Final = {Draw.ENTRIES: random_entry_test, Draw.RETURNS: permutation_test}


def examine(facts: RunFacts, options: EntryOptions, seed: int) -> Finding:
    """Compare a run with chance."""
    exposure, returns = exposures(facts), market_returns(facts)
    try:
        found = _TESTS[options.draw](
            exposure, returns, rng=np.random.default_rng(seed), n_draws=options.n_draws
        )
    except NotComputable as e:
        values: dict[str, Measured] = {value.key: Undefined(e.detail) for value in TOOL.values}
        return Finding(values=values, sentence=f"There is nothing to compare with: {e.detail}.")
    median = found.chance.quantile(0.5)
    return Finding(
        values={
            "observed": found.observed,
            "chance_median": median,
            "chance_p95": found.chance.quantile(0.95),
            "p_value": found.p_value,
        },
        sentence=(
            f"Before costs its positions gathered {found.observed:+.1%}, those of chance"
            f" {median:+.1%} in the median; chance does as well or better in"
            f" {found.p_value:.1%} of the draws. {_meaning(found.p_value)}"
        ),
        figures={"chance": histogram("What chance gathers", found.chance.values, name="draws")},
    )


def _meaning(p_value: float) -> str:
    if p_value <= 0.05:
        return "The times of its entries are worth something on these bars."
    return "Nothing shows that the times of its entries matter."


def exposures(facts: RunFacts) -> Floats:
    """Return what was held from each open on as a fraction of the equity before, signed.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
    """
    held: Floats = facts.held * facts.bars.open / facts.before
    return held


def market_returns(facts: RunFacts) -> Floats:
    """Return what the instrument did from each open to the next, the last to its close.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Simple returns.
    """
    ends = np.concatenate([facts.bars.open[1:], facts.bars.close[-1:]])
    returns: Floats = ends / facts.bars.open - 1.0
    return returns


TOOL: Final = Tool(
    key="random_entry",
    title="Random entries",
    question="Does the time of its entries matter, or do random entries do as well?",
    subject=Subject.RUN,
    needs=Needs.FACTS,
    options=EntryOptions,
    values=(
        Value("observed", "gathered before costs", Form.PERCENT),
        Value("chance_median", "by chance, median", Form.PERCENT),
        Value("chance_p95", "by chance, 95 % quantile", Form.PERCENT),
        Value("p_value", "chance does as well", Form.PERCENT),
    ),
    examine=examine,
)
