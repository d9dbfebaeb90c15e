"""Run a person's own hftbacktest function over the events of a period."""

from typing import Any, Final

from hftbacktest import Recorder
from numba.core.errors import NumbaError

from common.domain.events import EventFiles
from research.domain.backtest import Execution
from research.engines.base import NativeTask
from research.engines.exceptions import EngineFailed, InvalidNativeStrategy, UnsupportedFeature
from research.engines.hftbacktest.errors import check_code, translated
from research.engines.hftbacktest.native_file import arguments_of, load_function
from research.engines.hftbacktest.observed import (
    END_NS,
    MOST_FILLS,
    NOTED,
    Watch,
    observed_class,
    open_watch,
)
from research.engines.hftbacktest.outputs import read_execution, read_ledger
from research.engines.hftbacktest.replay import replaying, span_of

# Memory is taken where something is recorded, not for all of them.
_RECORDS: Final = 2_000_000
_EVER_NS: Final = 2**62


def run_native(task: NativeTask, events: EventFiles) -> Execution:
    """Call the function with the library's backtest, at the start of the period.

    Raises
    ------
    UnsupportedFeature
        If pieces of orders are to be filled: an order's last answer alone is kept.
    InvalidNativeStrategy
        If the file holds no such function, or it cannot be compiled.
    EngineFailed
        If the library or the function fails.

    Notes
    -----
    The data end for it at the end of the period. What rests then, or when it returns
    before, stays where it is: it may fill until the period ends.
    """
    request, market = task.request, task.market
    if request.settings.partial_fills:
        raise UnsupportedFeature(
            "partial fills of a person's own function cannot be followed exactly",
            engine="hftbacktest",
            features=["partial_fills"],
        )
    span = span_of(market, events)
    with (
        load_function(request) as function,
        replaying(events, request.costs, request.settings, keeps_trades=True) as replay,
    ):
        replay.elapse_to(span.start_ns)
        with translated():
            watch = open_watch(replay.address, span.end_ns)
            hbt = observed_class()(*watch)
            arguments = arguments_of(function, request, hbt=hbt, make_recorder=_make_recorder)
        _call(function, arguments)
        rows = _settled(hbt, watch, span.end_ns + replay.answer_ns)
    ledger = read_ledger(rows, events, request)
    task.progress(1.0)
    return read_execution(ledger, market, cash=request.cash, span=span)


def _make_recorder() -> Any:
    return Recorder(1, _RECORDS).recorder


def _call(function: Any, arguments: tuple[Any, ...]) -> None:
    name = function.py_func.__name__
    try:
        with translated():
            succeeded = function(*arguments)
    except NumbaError as e:
        raise InvalidNativeStrategy(f"{name} cannot be compiled: {e}", name=name) from e
    if succeeded is not True:
        raise EngineFailed(
            f"{name} returned {succeeded!r}; a run that went well returns True",
            engine="hftbacktest",
        )


def _settled(hbt: Any, watch: Watch, end_ns: int) -> Any:
    """Let the period end and the last answers arrive, then return what was written down.

    Raises
    ------
    EngineFailed
        If the library fails, or there is no room for more fills.
    """
    watch.times[END_NS] = end_ns
    with translated():
        check_code(hbt.elapse(_EVER_NS))
    if watch.times[NOTED] == MOST_FILLS:
        raise EngineFailed(
            f"a person's own function may have fewer than {MOST_FILLS:,} fills",
            engine="hftbacktest",
        )
    return watch.rows[: watch.times[NOTED]].copy()
