"""Whether the sets next to the chosen one earn too, or the choice is a lone peak."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from common.domain.bars import Floats
from research.examination.facts import NeighbourFacts, write_set
from research.examination.figures import table
from research.examination.options import option
from research.examination.tool import Finding, Form, Needs, Subject, Tool, Value
from research.validation.gates import Measured, Undefined
from research.validation.judging import neighbourhood as neighbour_gate
from research.validation.neighbourhood import DEFAULT_FRACTION, share_positive


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourOptions:
    """How far the parameters are moved."""

    fraction: float = option(
        DEFAULT_FRACTION, "of itself by which a number is moved", low=0.01, high=0.99
    )


def examine(facts: NeighbourFacts, options: NeighbourOptions, seed: int) -> Finding:  # noqa: ARG001
    """Judge the sets around a chosen one, which were tried in the ledger."""
    share = share_positive(facts.results.tolist())
    known = facts.results[np.isfinite(facts.results)]
    values: dict[str, Measured] = {
        "sets": float(len(facts.sets)),
        "failed": float(len(facts.sets) - len(known)),
        "share_positive": share,
        "chosen": facts.chosen,
        "median": _quantile(known, 0.5),
        "worst": _quantile(known, 0.0),
        "share_better": float(np.mean(known > facts.chosen))
        if len(known)
        else Undefined("every neighbour failed"),
        "sweep": float(facts.sweep),
    }
    order = np.argsort(-np.nan_to_num(facts.results, nan=-np.inf), kind="stable")
    rows = [
        [
            write_set(facts.sets[place]),
            f"{facts.results[place]:+.2%}" if np.isfinite(facts.results[place]) else "failed",
        ]
        for place in order
    ]
    return Finding.judged(
        values,
        neighbour_gate(share, facts.thresholds),
        further=f" The sets moved by {options.fraction:.0%} are trials of sweep {facts.sweep}.",
        figures={"neighbours": table("The neighbours", ["set", "return"], rows)},
    )


def _quantile(results: Floats, level: float) -> Measured:
    if not len(results):
        return Undefined("every neighbour failed")
    return float(np.quantile(results, level))


TOOL: Final = Tool(
    key="neighbourhood",
    title="Parameter neighbourhood",
    question="Do the parameters next to the chosen ones earn too?",
    subject=Subject.RUN,
    needs=Needs.NEIGHBOURS,
    options=NeighbourOptions,
    values=(
        Value("sets", "neighbours", Form.COUNT),
        Value("failed", "neighbours that failed", Form.COUNT),
        Value("share_positive", "neighbours that earn", Form.PERCENT),
        Value("chosen", "return of the chosen set", Form.PERCENT),
        Value("median", "return of the neighbours, median", Form.PERCENT),
        Value("worst", "return of the worst neighbour", Form.PERCENT),
        Value("share_better", "neighbours better than the choice", Form.PERCENT),
        Value("sweep", "number of their sweep", Form.COUNT),
    ),
    examine=examine,
)
