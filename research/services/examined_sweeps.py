"""What tools are given of a sweep, and of the sets that are tried for them."""

from dataclasses import replace

import numpy as np

from common.domain.enums import RunStatus
from research.domain.set_list import SetList
from research.domain.sweep import SweepQuestion
from research.examination.facts import NeighbourFacts, SweepFacts
from research.exceptions import NotExaminable
from research.models import Run, Sweep
from research.selectors.sweeps import best_trials, dataset_of
from research.services.examined_runs import trial_facts
from research.services.means import Means
from research.services.prepared import PreparedRun
from research.services.sweep_days import read_days
from research.services.sweeps import run_sweep


def check_examinable_sweep(sweep: Sweep) -> None:
    """Refuse a sweep that no tool can say something about.

    Raises
    ------
    NotExaminable
        If it did not succeed.
    """
    if sweep.status != RunStatus.SUCCEEDED:
        raise NotExaminable(
            f"{sweep} is {sweep.status}: only what succeeded can be examined", sweep=sweep.pk
        )


def read_sweep_facts(sweep: Sweep) -> SweepFacts:
    """Return what the sets of a sweep came to day by day, and the trials so far.

    Raises
    ------
    NotExaminable
        If the sweep did not succeed.
    SweepNotRunning
        If not one set has days.
    ArtefactDamaged
        If a file is missing or not what was written.
    """
    check_examinable_sweep(sweep)
    best = best_trials(sweep, count=1).first()
    return SweepFacts(
        matrix=read_days(sweep),
        best=best.number if best else None,
        trials=trial_facts(sweep.strategy_version, dataset_of(sweep)),
    )


def try_neighbours(
    run: Run, prepared: PreparedRun, *, fraction: float, means: Means, user_id: int | None
) -> NeighbourFacts:
    """Try the sets around that of a run, each a trial of the ledger, and return what they earn.

    Parameters
    ----------
    run, prepared
        The run, and its question looked up again.
    fraction
        By which the numbers of its set are moved.
    means
        With what the sweep is worked on.
    user_id
        Who asks.

    Raises
    ------
    NotComputable
        If the set has no neighbours.
    NotExaminable
        If they were not all tried.
    PlatformError
        As `run_sweep`.
    """
    answer = means.executor().ask(prepared, "neighbours", fraction=fraction)
    question = SweepQuestion(
        question=replace(prepared.question, params={}), grid=SetList(tuple(answer["sets"]))
    )
    sweep = run_sweep(question=question, means=means, user_id=user_id)
    if sweep.status != RunStatus.SUCCEEDED:
        raise NotExaminable(
            f"{sweep} of the neighbours is {sweep.status}: {sweep.error_detail}", sweep=sweep.pk
        )
    trials = sweep.trials.order_by("number").values_list("params", "metrics__total_return")
    return NeighbourFacts(
        chosen=float(run.metrics["total_return"]),
        sets=tuple(params for params, _ in trials),
        results=np.array([np.nan if total is None else total for _, total in trials]),
        sweep=sweep.pk,
    )
