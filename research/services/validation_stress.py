"""What becomes of the chosen set at doubled costs, next to its parameters, and when bars are cut."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from common.domain.costs import CostModel
from common.domain.enums import RunStatus
from research.domain.question import RunQuestion
from research.models import Run, Sweep
from research.validation.exceptions import NotComputable
from research.validation.lookahead import LookAhead
from research.validation.neighbourhood import share_positive
from trading.strategies.causality import Disagreement


def doubled(costs: CostModel) -> CostModel:
    """Return twice the fees and the slippage; a rebate stays what it is.

    Raises
    ------
    NotComputable
        If there are none: twice nothing is nothing.
    InvalidArgument
        If twice a rate is a hundred percent or more.

    Examples
    --------
    >>> doubled(CostModel(fee_rate=0.001, maker_fee_rate=-0.001, slippage=0.0005))
    CostModel(fee_rate=0.002, maker_fee_rate=-0.001, slippage=0.001, funding=True)
    """
    if not (costs.fee_rate or costs.slippage):
        raise NotComputable("fees and slippage are zero, and twice nothing is nothing")
    return replace(
        costs,
        fee_rate=2 * costs.fee_rate,
        maker_fee_rate=max(2 * costs.maker_fee_rate, costs.maker_fee_rate),
        slippage=2 * costs.slippage,
    )


def with_doubled_costs(question: RunQuestion) -> RunQuestion:
    """Return the question at doubled costs.

    Raises
    ------
    PlatformError
        As `doubled`.
    """
    return replace(question, costs=doubled(question.costs))


def total_return(run: Run) -> float:
    """Return what a run earned, a fraction.

    Raises
    ------
    NotComputable
        If it did not succeed.
    """
    if run.status != RunStatus.SUCCEEDED:
        raise NotComputable(f"{run} is {run.status}: {run.error_detail}")
    return float(run.metrics["total_return"])


def neighbourhood(sweep: Sweep) -> float:
    """Return the share of the swept neighbours that earn; one that failed does not.

    Raises
    ------
    NotComputable
        If they were not all tried.
    """
    if sweep.status != RunStatus.SUCCEEDED:
        raise NotComputable(f"{sweep} of the neighbours is {sweep.status}: {sweep.error_detail}")
    results = sweep.trials.values_list("metrics__total_return", flat=True)
    return share_positive([np.nan if value is None else value for value in results])


def read_look_ahead(answer: Mapping[str, Any]) -> LookAhead:
    """Return what a look-ahead test found, of the answer that says so."""
    targets = answer["targets"]
    return LookAhead(
        n_cuts=answer["n_cuts"],
        n_changes=answer["n_changes"],
        targets=None if targets is None else Disagreement(**targets),
    )
