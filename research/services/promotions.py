"""From a verdict to a promotion: what is promoted, and the evidence for it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from research.models import Run, Validation
from trading.domain.gates import Measures, read_gates
from trading.domain.proof import Evidence, Proof, Subject
from trading.domain.stages import Stage
from trading.exceptions import NotPromotable
from trading.models import PromotionRequest
from trading.services import promotions

# What of the question is part of what is promoted: not the period, the cash or the seed.
_SETTING = (
    "engine", "venue", "instrument", "timeframe", "sizing", "account", "rebalance", "settings",
)  # fmt: skip


def request_promotion(
    *, validation: Validation, to_stage: Stage, user: User, reason: str, at: datetime
) -> PromotionRequest:
    """Ask for the promotion of what a verdict is on.

    Parameters
    ----------
    validation
        The verdict; it has to be a pass, but that does not suffice.
    at
        The time now, aware, UTC.

    Raises
    ------
    NotPromotable
        If its rows do not belong together, or do not admit it.
    PlatformError
        As `trading.services.promotions.request_promotion`.
    """
    differences = [*_differences(validation)]
    if differences:
        raise NotPromotable(
            f"{validation} proves nothing: {'; '.join(differences)}", reasons=[*differences]
        )
    return promotions.request_promotion(
        version=validation.strategy_version,
        proof=gather(validation),
        to_stage=to_stage,
        user=user,
        reason=reason,
        at=at,
    )


def gather(validation: Validation) -> Proof:
    """Return what a verdict proves, and what that can be looked up from."""
    asked = validation.question
    costs = dict(asked["costs"])
    if validation.run is not None:
        # Of spot nothing is paid, whatever was asked for.
        costs["funding"] = validation.run.funding
    return Proof(
        subject=Subject(
            params=validation.params or {},
            setting={**{name: asked[name] for name in _SETTING}, "costs": costs},
        ),
        evidence=Evidence(
            passed=validation.passed,
            source_hash=validation.strategy_version.source_hash,
            judged_at=validation.created_at,
            gates=read_gates(validation.gates),
            measures=_measures(validation),
            references=_references(validation),
        ),
    )


def _measures(validation: Validation) -> Measures:
    sample = validation.figures.get("sample", {})
    thresholds = validation.question.get("thresholds", {})
    return Measures(
        round_trips=sample.get("round_trips"),
        years=sample.get("years"),
        bootstrap_level=thresholds.get("bootstrap_level"),
    )


def _references(validation: Validation) -> dict[str, Any]:
    comparison, dataset = validation.comparison, validation.dataset
    compared = [] if comparison is None else comparison.compared_runs.order_by("run_id")
    return {
        "validation_id": validation.pk,
        "sweep_id": validation.sweep_id,
        "neighbours_sweep_id": validation.neighbours_id,
        "run_id": validation.run_id,
        "doubled_run_id": validation.doubled_run_id,
        "comparison_id": validation.comparison_id,
        "compared_run_ids": sorted({each.run_id for each in compared}),
        "dataset_hash": dataset.hash,
        "start": dataset.start_at.isoformat(),
        "end": dataset.end_at.isoformat(),
        "cash": validation.question["cash"],
        "seed": validation.question["seed"],
        "n_trials": validation.n_trials,
        "code_hash": validation.code_hash,
    }


def _differences(validation: Validation) -> Iterator[str]:
    """Yield what of the evidence is on another source, other bars or another set."""
    version_id = validation.strategy_version_id
    rows = (
        validation.sweep,
        validation.neighbours,
        validation.run,
        validation.doubled_run,
        validation.comparison,
    )
    yield from (
        f"{row} is on another source"
        for row in rows
        if row is not None and row.strategy_version_id != version_id
    )
    for run in (validation.run, validation.doubled_run):
        if run is not None:
            yield from _run_differences(validation, run)
    if validation.question["allow_dirty"]:
        yield "its bars were allowed to have errors"


def _run_differences(validation: Validation, run: Run) -> Iterator[str]:
    if run.params != validation.params:
        yield f"{run} is of other parameters"
    if run.dataset_id != validation.dataset_id:
        yield f"{run} is on other bars"
