"""Wait for the end of what another process does."""

import time
from collections.abc import Callable
from typing import Final

from research.models import FINAL_STATES, Run, Sweep
from research.selectors.runs import get_run
from research.selectors.sweeps import get_sweep

_LOOK_SECONDS: Final = 0.3


def await_end(*, run_id: int, note: Callable[[Run], None]) -> Run:
    """Return the row of a run once it is in a final state.

    Parameters
    ----------
    run_id
        The run.
    note
        Called with the row three times a second.

    Raises
    ------
    UnknownRun
        If there is none of that number.
    """
    while True:
        run = Run.objects.filter(pk=run_id).only("status", "progress", "attempt").first()
        if run is None or run.status in FINAL_STATES:
            return get_run(run_id)
        note(run)
        time.sleep(_LOOK_SECONDS)


def await_sweep(*, sweep_id: int, note: Callable[[Sweep], None]) -> Sweep:
    """Return the row of a sweep once it is in a final state.

    Parameters
    ----------
    sweep_id
        The sweep.
    note
        Called with the row three times a second.

    Raises
    ------
    UnknownSweep
        If there is none of that number.
    """
    while True:
        sweep = Sweep.objects.filter(pk=sweep_id).only("status", "progress").first()
        if sweep is None or sweep.status in FINAL_STATES:
            return get_sweep(sweep_id)
        note(sweep)
        time.sleep(_LOOK_SECONDS)
