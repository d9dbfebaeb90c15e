"""What Freqtrade reads of a run: its configuration, a strategy and data in its own layout."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common.domain.costs import AccountType
from common.domain.enums import MarketType
from common.domain.instruments import InstrumentId
from trading.strategies.base import StopSpec

# Freqtrade ties the whole price of a position down and knows no proceeds of a short, so its
# wallet is made too large to matter; the account is the desk's.
_WALLET = 100.0
# Freqtrade demands a stop loss; without a declared one its test is not reached.
_NO_STOP = 0.99
STRATEGY = "AssayStrategy"
_UNKNOWN = re.compile("[^A-Z0-9-]")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run, its user data and everything in it; removed when it ends."""

    path: Path

    @property
    def data(self) -> Path:
        """Bars, marks and funding rates."""
        return self._made("data")

    @property
    def strategies(self) -> Path:
        """The strategy file."""
        return self._made("strategies")

    @property
    def results(self) -> Path:
        """What Freqtrade exports."""
        return self._made("backtest_results")

    def _made(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    def write_config(self, config: Mapping[str, Any]) -> Path:
        """Write Freqtrade's configuration file and return where it is."""
        path = self.path / "config.json"
        path.write_text(json.dumps(config))
        return path

    def write_shell(
        self,
        *,
        timeframe: str,
        can_short: bool,
        stops: StopSpec | None,
        protections: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Write the strategy of a run by the platform's rule."""
        spec = StopSpec() if stops is None else stops
        aim = 1e6 if spec.take_profit is None else spec.take_profit
        (self.strategies / f"{STRATEGY}.py").write_text(
            "from research.engines.freqtrade.shell import Shell\n"
            "from trading.strategies.base import StopSpec\n"
            "\n\n"
            f"class {STRATEGY}(Shell):\n"
            f"    timeframe = {timeframe!r}\n"
            f"    can_short = {can_short}\n"
            f"    stoploss = {-(spec.stop_loss or spec.trailing or _NO_STOP)!r}\n"
            f"    minimal_roi = {{'0': {aim!r}}}\n"
            f"    stops = {spec!r}\n"
            f"    protections = {[dict(each) for each in protections]!r}\n"
        )


@contextmanager
def run_folder() -> Iterator[RunFolder]:
    """Make an empty folder for a run and remove it afterwards, whatever happened."""
    with TemporaryDirectory(prefix="assay-freqtrade-", ignore_cleanup_errors=True) as path:
        yield RunFolder(Path(path))


def is_futures(instrument: InstrumentId, account: AccountType) -> bool:
    """Return whether Freqtrade must run in its futures mode: it shorts nowhere else."""
    return account is AccountType.MARGIN or instrument.market_type is MarketType.LINEAR_PERPETUAL


def pair_of(instrument: InstrumentId, *, futures: bool) -> str:
    """Return the symbol under which Freqtrade trades an instrument.

    Notes
    -----
    Its lists of pairs admit letters, digits and `-` alone; `-` stands for the rest.
    """
    base, quote = (_UNKNOWN.sub("-", asset) for asset in (instrument.base, instrument.quote))
    return f"{base}/{quote}:{quote}" if futures else f"{base}/{quote}"


def base_config(
    *, folder: RunFolder, pair: str, timeframe: str, futures: bool, cash: float
) -> dict[str, Any]:
    """Return what every run is configured with.

    Notes
    -----
    The fee is no part of it: Freqtrade takes it from the market, and its schema admits
    none above a tenth.
    """
    return {
        "dry_run": True,
        "dry_run_wallet": cash,
        "stake_currency": pair.partition("/")[2].partition(":")[0],
        "stake_amount": "unlimited",
        "tradable_balance_ratio": 1.0,
        "max_open_trades": 1,
        "timeframe": timeframe,
        "trading_mode": "futures" if futures else "spot",
        "margin_mode": "isolated" if futures else "",
        "exchange": {"name": "binance", "pair_whitelist": [pair]},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "other", "use_order_book": True},
        "exit_pricing": {"price_side": "other", "use_order_book": True},
        "dataformat_ohlcv": "feather",
        "export": "trades",
        "backtest_cache": "none",
        "strategy": STRATEGY,
        "strategy_path": str(folder.strategies),
        "user_data_dir": str(folder.path),
    }


def shell_config(
    *,
    folder: RunFolder,
    pair: str,
    timeframe: str,
    futures: bool,
    cash: float,
) -> dict[str, Any]:
    """Return the configuration of a run by the platform's rule, with its wide wallet."""
    return base_config(
        folder=folder, pair=pair, timeframe=timeframe, futures=futures, cash=_WALLET * cash
    )
