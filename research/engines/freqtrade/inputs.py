"""What Freqtrade's walk along the bars takes for granted, checked before it begins."""

import numpy as np

from common.domain.bars import Bars
from common.domain.time import format_utc
from research.domain.backtest import Market
from research.domain.settings import EngineSettings
from research.engines.base import NativeTask, Task
from research.engines.exceptions import UnsupportedFeature
from research.engines.freqtrade.native_file import check_file


def check_task(task: Task) -> None:
    """Refuse a task that Freqtrade would execute otherwise than it was asked.

    Raises
    ------
    UnsupportedFeature
        If bars lie off the grid, or detail bars are asked for that are not finer.
    """
    check_grid(task.market.period)
    _check_detail(task.request.settings, task.market)


def check_native(task: NativeTask) -> None:
    """Refuse a strategy file that could not run as it was asked.

    Raises
    ------
    InvalidNativeStrategy
        If the file holds no such class.
    UnsupportedFeature
        If bars lie off the grid, or slippage or protections are asked for from outside.
    """
    request = task.request
    check_file(request.path, request.class_name)
    check_grid(task.market.bars)
    _check_detail(request.settings, task.market)
    wanted = {
        "slippage": request.costs.slippage > 0,
        "protections": bool(request.settings.protections),
    }
    refused = [feature for feature, is_wanted in wanted.items() if is_wanted]
    if refused:
        raise UnsupportedFeature(
            f"freqtrade runs a strategy file by its own rules, which know no {refused[0]} from"
            " outside the file",
            engine="freqtrade",
            features=[*refused],
        )


def _check_detail(settings: EngineSettings, market: Market) -> None:
    detail, timeframe = settings.detail, market.bars.timeframe
    if detail is None:
        return
    if detail.nanoseconds >= timeframe.nanoseconds or market.detail is None:
        raise UnsupportedFeature(
            f"detail bars of {detail} are not stored, or not finer than bars of {timeframe}",
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
