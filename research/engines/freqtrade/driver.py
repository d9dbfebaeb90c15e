"""Configure Freqtrade, start its backtester and clear what it keeps in the process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, override

from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, PairLocks

from common.domain.costs import AccountType
from research.engines.base import Progress, Task
from research.engines.freqtrade.data import with_closing_bar, write_bars, write_funding
from research.engines.freqtrade.desk import Desk
from research.engines.freqtrade.folder import RunFolder, is_futures, pair_of, shell_config
from research.engines.freqtrade.simulation import Simulation
from research.engines.freqtrade.venue import CanonicalVenue, describe_market


class _Configuration(Configuration):
    """Freqtrade's own reading of its configuration file, but for what is not the run's."""

    @override
    def _process_logging_options(self, config: dict[str, Any]) -> None:
        """Leave the logging of this process alone."""
        config["verbosity"] = 0


def load_config(
    folder: RunFolder, config: Mapping[str, Any], mode: RunMode = RunMode.BACKTEST
) -> dict[str, Any]:
    """Return a configuration as Freqtrade reads and completes it."""
    arguments = {
        "config": [str(folder.write_config(config))],
        # It is an argument only.
        "datadir": str(folder.data),
        # Of other commands Freqtrade would let FREQTRADE__ variables outdo the file.
        "command": "list-exchanges",
    }
    loaded: dict[str, Any] = _Configuration(arguments, mode).get_config()
    return loaded


@contextmanager
def cleared() -> Iterator[None]:
    """Drop what Freqtrade keeps in its classes between runs."""
    try:
        yield
    finally:
        LocalTrade.reset_trades()
        PairLocks.reset_locks()
        Backtesting.cleanup()


def reporter(progress: Progress, loops: int) -> Callable[[int], None]:
    """Return what tells the progress of a run by the bars that Freqtrade has walked over."""

    def report(done: int) -> None:
        progress(min(done / max(loops, 1), 1.0))

    return report


def run_shell(task: Task, desk: Desk, folder: RunFolder) -> None:
    """Run a task by the platform's rule; the result is exported into the folder."""
    request, market = task.request, task.market
    bars, timeframe = market.period, str(market.bars.timeframe)
    futures = is_futures(market.instrument.id, request.account)
    pair = pair_of(market.instrument.id, futures=futures)
    _write_market(task, folder, pair, futures=futures)
    folder.write_shell(
        timeframe=timeframe,
        can_short=request.account is AccountType.MARGIN,
        stops=task.stops,
        protections=request.settings.protections,
    )
    config = shell_config(
        folder=folder, pair=pair, timeframe=timeframe, futures=futures, cash=request.cash
    )
    if request.settings.protections:
        config["enable_protections"] = True
    if request.settings.detail is not None:
        config["timeframe_detail"] = str(request.settings.detail)
    listing = describe_market(
        symbol=pair, lot=float(market.instrument.lot), fee_rate=request.costs.fee_rate
    )
    loaded = load_config(folder, config)
    with cleared():
        Simulation(
            loaded,
            CanonicalVenue(loaded, listing),
            desk=desk,
            report=reporter(task.progress, len(bars)),
        ).start()


def _write_market(task: Task, folder: RunFolder, pair: str, *, futures: bool) -> None:
    market = task.market
    write_bars(folder.data, pair, with_closing_bar(market.period), futures=futures)
    if task.request.settings.detail is not None and market.detail is not None:
        write_bars(folder.data, pair, market.detail, futures=futures)
    if market.funding is not None:
        write_funding(folder.data, pair, market.funding)
