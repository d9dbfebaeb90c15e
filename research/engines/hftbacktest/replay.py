"""The library's backtest over event files, set up as a request asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from common.domain.costs import CostModel
from common.domain.events import EventFiles
from research.domain.backtest import Market
from research.domain.settings import EngineSettings, QueueModel
from research.engines.hftbacktest.errors import check_code, translated
from research.engines.hftbacktest.files import require_files
from research.engines.hftbacktest.latency import write_latencies

# Numbers of trades that may arrive between two looks before the library takes more memory.
_TRADES_KEPT: Final = 1_000
_QUEUES: Final = {
    QueueModel.RISK_ADVERSE: "risk_adverse_queue_model",
    QueueModel.LOG_PROB: "log_prob_queue_model",
    QueueModel.LOG_PROB_2: "log_prob_queue_model2",
    QueueModel.POWER_PROB: "power_prob_queue_model",
    QueueModel.POWER_PROB_2: "power_prob_queue_model2",
    QueueModel.POWER_PROB_3: "power_prob_queue_model3",
}
_WITH_POWER: Final = frozenset({
    QueueModel.POWER_PROB,
    QueueModel.POWER_PROB_2,
    QueueModel.POWER_PROB_3,
})


@dataclass(frozen=True, slots=True)
class Replay:
    """A backtest of the library that has not begun.

    Parameters
    ----------
    hbt
        The library's object.
    answer_ns
        The longest that an answer of the exchange can take to us.
    """

    hbt: Any
    answer_ns: int

    @property
    def address(self) -> int:
        """Where the library keeps it."""
        address: int = self.hbt.ptr
        return address

    def elapse_to(self, moment_ns: int) -> int:
        """Let time pass before anything is traded; return when it is, later where no data is.

        Raises
        ------
        EngineFailed
            If the library fails.
        """
        from hftbacktest import binding

        # The first call takes the clock to the first event.
        check_code(binding.hashmapbt_elapse(self.address, 0))
        left_ns = moment_ns - binding.hashmapbt_current_timestamp(self.address)
        if left_ns > 0:
            check_code(binding.hashmapbt_elapse(self.address, left_ns))
        now_ns: int = binding.hashmapbt_current_timestamp(self.address)
        return now_ns


@dataclass(frozen=True, slots=True)
class Span:
    """From the open of the period's first bar to the close of its last, nanoseconds."""

    start_ns: int
    end_ns: int


def span_of(market: Market, events: EventFiles) -> Span:
    """Return the time in which orders may be made and filled."""
    bars = market.period
    last_ns = int(bars.open_ns[-1]) + bars.timeframe.nanoseconds
    return Span(max(int(bars.open_ns[0]), events.start_ns), min(last_ns, events.end_ns))


@contextmanager
def replaying(
    events: EventFiles, costs: CostModel, settings: EngineSettings, *, keeps_trades: bool
) -> Iterator[Replay]:
    """Build a backtest, and give its memory back at the end of the block.

    Raises
    ------
    EngineFailed
        If hftbacktest cannot be imported or raises, or a file is missing.
    UnsupportedFeature
        If latencies are to be those of the events, and these have none.
    """
    require_files(events)
    with TemporaryDirectory(prefix="assay-hftbacktest-") as folder:
        with translated():
            import hftbacktest
            from hftbacktest.binding import hashmapbt_close

            asset = _on(hftbacktest.BacktestAsset(), events, settings)
            asset = asset.trading_value_fee_model(costs.maker_fee_rate, costs.fee_rate)
            asset = asset.last_trades_capacity(_TRADES_KEPT if keeps_trades else 0)
        answer_ns = settings.response_latency_ns
        if settings.recorded_latency:
            latencies = Path(folder) / "latencies.npz"
            answer_ns = write_latencies(events, latencies)
            asset = asset.intp_order_latency([str(latencies)])
        with translated():
            replay = Replay(hftbacktest.HashMapMarketDepthBacktest([asset]), answer_ns)
        try:
            yield replay
        finally:
            hashmapbt_close(replay.address)


def _on(asset: Any, events: EventFiles, settings: EngineSettings) -> Any:
    asset = (
        asset
        .data([str(path) for path in events.paths])
        .linear_asset(1.0)
        .tick_size(float(events.tick))
        .lot_size(float(events.lot))
        .constant_order_latency(settings.order_latency_ns, settings.response_latency_ns)
        # One file in memory beside the one at work would be one too many for the formula.
        .parallel_load(False)  # noqa: FBT003 - the library's own signature
    )
    if events.snapshot is not None:
        asset = asset.initial_snapshot(str(events.snapshot))
    queue = getattr(asset, _QUEUES[settings.queue])
    asset = queue(settings.queue_power) if settings.queue in _WITH_POWER else queue()
    if settings.partial_fills:
        return asset.partial_fill_exchange()
    return asset.no_partial_fill_exchange()
