"""The hftbacktest engine."""

from dataclasses import replace
from typing import override

from common.domain.events import EventFiles
from research.domain.backtest import Execution, Market
from research.engines.base import BacktestEngine, NativeTask, Task
from research.engines.capabilities import Capabilities
from research.engines.exceptions import UnsupportedFeature
from research.engines.hftbacktest.errors import translated
from research.engines.hftbacktest.outputs import keep_ledger, read_execution, read_ledger
from research.engines.hftbacktest.replay import span_of
from research.engines.hftbacktest.session import replay_task
from research.engines.memory import MemoryModel


class HftbacktestEngine(BacktestEngine):
    """Replays recorded events with hftbacktest's `HashMapMarketDepthBacktest`."""

    name = "hftbacktest"
    requirement = "hftbacktest"
    distributions = ("hftbacktest",)
    capabilities = Capabilities(
        events=True,
        order_book=True,
        limit_orders=True,
        short_selling=True,
        native=True,
        quotes=True,
        latency=True,
        recorded_latency=True,
        queue_models=True,
        maker_orders=True,
        partial_fills=True,
    )
    memory = MemoryModel(base=370_000_000, per_bar=200, per_event=64)

    @override
    def preload(self) -> None:
        with translated():
            from hftbacktest import binding

            from research.engines.hftbacktest import quoting_loop, target_loop  # noqa: F401

            # Its constructor is compiled now; nothing is done with the address.
            binding.HashMapMarketDepthBacktest_(0)

    @override
    def _execute(self, task: Task) -> Execution:
        market, request = task.market, task.request
        events = _require_events(market)
        records = replay_task(task, events)
        read = keep_ledger if request.settings.partial_fills else read_ledger
        ledger = read(records.rows, events, request)
        span = span_of(market, events)
        execution = read_execution(ledger, market, cash=request.cash, span=span)
        return replace(execution, skipped_ns=records.skipped_ns)

    @override
    def _execute_native(self, task: NativeTask) -> Execution:
        events = _require_events(task.market)
        with translated():
            from research.engines.hftbacktest.native import run_native

        return run_native(task, events)


def _require_events(market: Market) -> EventFiles:
    """Return the events, whose lots must be lots of the instrument.

    Raises
    ------
    UnsupportedFeature
        If there are none, or the instrument's lot is another.
    """
    events, instrument = market.events, market.instrument
    if events is None:
        raise UnsupportedFeature(f"no events of {instrument.id}: import_events stores some")
    if events.lot % instrument.lot != 0:
        raise UnsupportedFeature(
            f"a lot of the events is {events.lot}, one of {instrument.id} is {instrument.lot}:"
            " orders in the one are not whole in the other",
            engine="hftbacktest",
            features=["events"],
        )
    return events
