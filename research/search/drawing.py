"""What Optuna decides from the history of a study: pure functions of it, in memory.

A sampler at work on a stored study reads and writes it dozens of times for one set. Here it
works on a copy; whoever asked writes each set whole, in one transaction.
"""

from collections.abc import Sequence
from typing import Final

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from research.search.plan import SearchPlan
from research.search.samplers import distributions_of, pruner_of, sampler_of

CHUNK: Final = "chunk"


def directions_of(plan: SearchPlan) -> list[StudyDirection]:
    """Return Optuna's word for the sign of each objective."""
    return [
        StudyDirection.MAXIMIZE if sign > 0 else StudyDirection.MINIMIZE for sign in plan.signs
    ]


def draw(
    plan: SearchPlan, history: Sequence[FrozenTrial], *, count: int, chunk: int
) -> list[FrozenTrial]:
    """Return the sets to try next, as trials under way.

    Parameters
    ----------
    plan
        What the search is to do.
    history
        Every trial so far, by number.
    count, chunk
        How many, and which chunk they are for: it seeds the sampler.
    """
    # What a genetic sampler remembers of its parents stays behind with the copy, and is
    # found again in the history: it speaks of trials by what the storage calls them.
    study = optuna.create_study(
        directions=directions_of(plan), sampler=sampler_of(plan, chunk=chunk)
    )
    study.add_trials(history)
    distributions = distributions_of(plan.space)
    for _ in range(count):
        study.ask(distributions).set_user_attr(CHUNK, chunk)
    drawn = study.get_trials(deepcopy=False)[len(history) :]
    for trial in drawn:
        # TPE notes what it is about to draw, for those who ask meanwhile. Written whole, a
        # set says that itself, and a row less is written.
        notes = trial.system_attrs.items()
        trial.system_attrs = {name: v for name, v in notes if not name.startswith("tpe:")}
    return drawn


def goes_on(
    plan: SearchPlan, history: Sequence[FrozenTrial], judged: Sequence[FrozenTrial]
) -> list[bool]:
    """Return which of the trials judged go on, by their last value on a part of the period."""
    pruner = pruner_of(plan)
    study = optuna.create_study(directions=directions_of(plan))
    study.add_trials(history)
    return [not pruner.prune(study, trial) for trial in judged]
