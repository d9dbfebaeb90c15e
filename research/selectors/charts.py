"""Series thinned out for a chart."""

from typing import Any, Final

import numpy as np

from common.domain.bars import Floats, Times
from common.domain.time import format_utc
from research.models import Run
from research.selectors.facts import artefact_of, read_artefact

_POINTS: Final = 400


def equity_chart(run: Run) -> dict[str, Any] | None:
    """Return a run's equity for a line chart, or None if it left none.

    Raises
    ------
    ArtefactDamaged
        If the file is not what the run left.
    """
    artefact = artefact_of(run, "equity")
    if artefact is None:
        return None
    columns = read_artefact(artefact)
    times, equity = thin(columns["open_ns"], columns["equity"], _POINTS)
    return {
        "labels": [format_utc(time)[:16].replace("T", " ") for time in times.tolist()],
        "datasets": [
            {
                "label": "equity",
                "data": equity.tolist(),
                "borderColor": "var(--color-primary-600)",
                "displayYAxis": True,
                "maxTicksXLimit": 8,
            }
        ],
    }


def thin(times: Times, values: Floats, most: int) -> tuple[Times, Floats]:
    """Return about `most` points, with the lowest and highest of every stretch kept.

    A plain every-nth would hide the drawdowns a person looks for.
    """
    stretches = most // 2
    if len(values) <= most:
        return times, values
    edges = np.linspace(0, len(values), stretches + 1).astype(np.int64)
    kept = {0, len(values) - 1}
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[first:last]
        kept |= {first + int(part.argmin()), first + int(part.argmax())}
    index = np.array(sorted(kept))
    return times[index], values[index]
