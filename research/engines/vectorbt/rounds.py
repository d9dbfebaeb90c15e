"""Run vectorbt again until nothing is left that its records show to be against the rule."""

from dataclasses import replace
from typing import Final

import numpy as np

from research.engines.base import Task
from research.engines.vectorbt.inputs import Inputs, Stop, allow_fractions, build_inputs
from research.engines.vectorbt.outputs import first_cut_below_minimum, leaves_less, share_lost
from research.engines.vectorbt.runner import Records, simulate
from research.engines.vectorbt.stops import find_stops

# Relative to equity: a hundredth of what two executions may differ by.
_LOST: Final = 1e-8
# Of the cash, left by a buy: vectorbt drops what is less than the first of these.
_SHARES: Final = tuple(1e-9 * 2**doubled for doubled in range(10))


def settle(task: Task) -> tuple[Inputs, Records]:
    """Return what vectorbt was given in the end and what it made of it.

    Notes
    -----
    Everything before the first difference between stops executed and stops found is
    right, so each round settles one stop more at least; nearly always it settles all,
    because levels come from prices of fills, which do not depend on sizes.
    """
    stops: tuple[Stop, ...] = ()
    while True:
        inputs, records = _keep_cash(*_keep_cut_orders(build_inputs(task, stops)))
        if task.stops is None:
            return inputs, records
        found = find_stops(
            records=records, inputs=inputs, bars=task.market.period, spec=task.stops
        )
        if found == stops:
            return inputs, records
        stops = found


def _keep_cash(inputs: Inputs, records: Records) -> tuple[Inputs, Records]:
    # A buy in fractions of a lot leaves no cash, so none is lost. Those that would leave
    # next to nothing are made so: a fraction of their lots is as little. Each round moves
    # what later ones leave a bit, so that the next looks a bit further.
    for share in _SHARES:
        if share_lost(records) <= _LOST:
            break
        spent = np.zeros(len(inputs.size), np.bool_)
        spent[records.row[leaves_less(records, share)]] = True
        inputs, records = _keep_cut_orders(allow_fractions(inputs, spent))
    return inputs, records


def _keep_cut_orders(inputs: Inputs) -> tuple[Inputs, Records]:
    # Everything before the first wrong refusal is right, so each round settles one more bar.
    records = simulate(inputs)
    while (row := first_cut_below_minimum(records, inputs)) is not None:
        minimum = inputs.min_size.copy()
        minimum[row] = 0.0
        inputs = replace(inputs, min_size=minimum)
        records = simulate(inputs)
    return inputs, records
