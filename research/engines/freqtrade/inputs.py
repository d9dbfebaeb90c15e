"""What Freqtrade's walk along the bars takes for granted, checked before it begins."""

import numpy as np

from common.domain.bars import Bars
from common.domain.time import format_utc
from research.engines.base import Task
from research.engines.exceptions import UnsupportedFeature


def check_task(task: Task) -> None:
    """Refuse a task that Freqtrade would execute otherwise than it was asked.

    Raises
    ------
    UnsupportedFeature
        If bars lie off the grid, or detail bars are asked for that are not finer.
    """
    check_grid(task.market.period)
    detail = task.request.settings.detail
    if detail is not None and detail.nanoseconds >= task.market.bars.timeframe.nanoseconds:
        raise UnsupportedFeature(
            f"detail bars of {detail} are not finer than bars of {task.market.bars.timeframe}",
            engine="freqtrade",
            features=["detail"],
        )


def check_grid(bars: Bars) -> None:
    """Refuse bars whose open times are not whole timeframes apart.

    Notes
    -----
    Freqtrade steps from bar to bar by the clock; one between two steps would be traded at
    the next one.

    Raises
    ------
    UnsupportedFeature
        If a bar lies between the steps.
    """
    off = (bars.open_ns - bars.open_ns[0]) % bars.timeframe.nanoseconds != 0
    if off.any():
        row = int(np.argmax(off))
        raise UnsupportedFeature(
            f"freqtrade walks in steps of {bars.timeframe} from"
            f" {format_utc(int(bars.open_ns[0]))}; bar {row} opens off them, at"
            f" {format_utc(int(bars.open_ns[row]))}",
            engine="freqtrade",
            features=["bars"],
        )
