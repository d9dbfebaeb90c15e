"""What is Freqtrade's own: no network, its faults seen, its export, what it leaves behind."""

import json
import logging
import signal
import socket
import sys
import tempfile
import threading
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.costs import AccountType, CostModel
from research.domain.backtest import BacktestRequest, Market
from research.engines.base import Task
from research.engines.exceptions import EngineFailed, InvariantViolated, UnsupportedFeature
from research.engines.freqtrade import export, runner
from research.engines.freqtrade.desk import Desk
from research.engines.freqtrade.engine import FreqtradeEngine
from research.engines.tests import freqtrade_plain
from research.engines.tests.canonical import compare, execute
from research.engines.tests.real_bars import read_hourly
from research.engines.tests.scripted import ask, market
from trading.strategies.library.sma_cross import SmaCross

pytestmark = [pytest.mark.engine("freqtrade"), pytest.mark.timeout(120)]
ENGINE = FreqtradeEngine()


@pytest.fixture
def crossing(sample_data: Path) -> tuple[BacktestRequest, Market]:
    """Return an SMA cross over 2,000 hourly bars."""
    bars = read_hourly(sample_data).rows(0, 2_000)
    strategy = SmaCross()
    request = BacktestRequest(strategy=strategy, params=strategy.admit({}))
    return request, Market(instrument=market([1.0]).instrument, bars=bars)


class TestNetwork:
    def test_is_never_asked(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ENGINE.preload()

        def refuse(*args: Any, **kwargs: Any) -> None:
            raise AssertionError("a socket was asked for")

        for name in ("socket", "create_connection", "getaddrinfo", "socketpair"):
            monkeypatch.setattr(socket, name, refuse)
        request, bars = crossing

        spot = ENGINE.run(request, bars)
        futures = ENGINE.run(replace(request, account=AccountType.MARGIN), bars)

        assert len(spot.fills) == len(futures.fills) > 30


class TestConfiguration:
    def test_is_not_changed_by_the_environment(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain = ENGINE.run(*crossing)
        monkeypatch.setenv("FREQTRADE__FEE", "0.09")
        monkeypatch.setenv("FREQTRADE__DRY_RUN_WALLET", "17")
        monkeypatch.setenv("FREQTRADE__MAX_OPEN_TRADES", "0")

        result = ENGINE.run(*crossing)

        assert result.fills.tobytes() == plain.fills.tobytes()


class TestFaults:
    """A fault planted in Freqtrade itself must not pass."""

    @pytest.mark.parametrize("name", ["backtest", "start", "backtest_loop", "_enter_trade"])
    def test_of_its_core_fail_the_run(
        self,
        crossing: tuple[BacktestRequest, Market],
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("planted")

        monkeypatch.setattr(freqtrade_plain.backtester(), name, fail)

        with pytest.raises(EngineFailed, match="freqtrade failed: RuntimeError: planted") as error:
            ENGINE.run(*crossing)
        assert isinstance(error.value.__cause__, RuntimeError)

    def test_of_the_fee_contradict_the_request(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def dearer(self: Any) -> None:
            self.fee = 1.1 * 0.001

        monkeypatch.setattr(freqtrade_plain.backtester(), "set_fee", dearer)

        with pytest.raises(InvariantViolated, match="fee is not rate times notional"):
            ENGINE.run(*crossing)

    def test_of_time_contradict_the_bars(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        freqtrade_plain.delay_fills(monkeypatch, hours=1)

        with pytest.raises(InvariantViolated, match="price is not that bar's open"):
            ENGINE.run(*crossing)

    def test_of_a_lost_order_contradict_its_wallet(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        freqtrade_plain.lose_orders(monkeypatch)

        with pytest.raises(InvariantViolated, match=r"wallet ends at .* its orders make"):
            ENGINE.run(*crossing)

    def test_of_a_signal_that_is_one_bar_late_differ_from_the_rule(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        freqtrade_plain.delay_rows(monkeypatch)
        request, bars = crossing
        targets = SmaCross().targets(bars.bars, request.params)

        result = ENGINE.run(request, bars)

        expected = execute(request, bars, targets)
        assert compare(fills=result.fills, expected=expected, market=bars, cash=10_000.0)

    def test_of_size_are_not_taken_as_the_order(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Desk, "quantity_of", lambda self, lots: float(abs(lots)) * 5e-9)

        with pytest.raises(EngineFailed, match=r"freqtrade filled \d+ lots .* were due"):
            ENGINE.run(*crossing)

    def test_that_it_only_logs_fail_the_run(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(self: Desk, lots: int) -> float:
            raise RuntimeError("planted")

        monkeypatch.setattr(Desk, "quantity_of", fail)

        with pytest.raises(EngineFailed):
            ENGINE.run(*crossing)


class TestExport:
    def test_is_what_freqtrade_had_in_memory_to_the_bit(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_memory = freqtrade_plain.watch_trades(monkeypatch)
        request, bars = crossing
        task = Task(request=request, market=bars, targets=SmaCross().targets(bars.bars, {
            "fast": 10, "slow": 50, "allow_short": False,
        }))  # fmt: skip

        _, exported = runner.simulate(task)

        orders = [
            (order["order_filled_timestamp"], order["safe_price"], order["amount"])
            for trade in exported.trades
            for order in trade["orders"]
        ]
        assert len(orders) > 30
        assert orders == in_memory

    def test_holds_its_trades_in_its_own_archive(
        self, crossing: tuple[BacktestRequest, Market], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[list[str]] = []

        def look(folder: Path, strategy: str) -> Any:
            (archive,) = folder.glob("*.zip")
            with ZipFile(archive) as zipped:
                seen.append(zipped.namelist())
                document = json.loads(zipped.read(f"{archive.stem}.json"))
            seen.append([*document["strategy"]])
            return read(folder, strategy)

        read = export.read_export
        monkeypatch.setattr(runner, "read_export", look)

        ENGINE.run(*crossing)

        assert seen[0][0].endswith(".json")
        assert seen[1] == ["AssayStrategy"]


class TestWhatItLeaves:
    def test_is_nothing(
        self, crossing: tuple[BacktestRequest, Market], tmp_path: Path, monkeypatch: Any
    ) -> None:
        ENGINE.run(*crossing)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        def state() -> tuple[Any, ...]:
            return (
                [*logging.root.handlers],
                logging.root.level,
                {name: logging.getLogger(name).level for name in ("freqtrade", "ccxt", "asyncio")},
                [*logging.getLogger("freqtrade").handlers],
                logging.getLogger("freqtrade").propagate,
                [*warnings.filters],
                [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
                [*sys.path],
                sys.stdout,
                threading.active_count(),
                freqtrade_plain.kept_trades(),
                sorted(tmp_path.rglob("*")),
            )

        before = state()
        ENGINE.run(*crossing)

        assert state() == before

    def test_is_nothing_after_a_failure(
        self,
        crossing: tuple[BacktestRequest, Market],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        freqtrade_plain.lose_orders(monkeypatch)

        with pytest.raises(InvariantViolated):
            ENGINE.run(*crossing)

        assert [*tmp_path.iterdir()] == []
        assert freqtrade_plain.kept_trades() == 0

    @pytest.mark.slow
    def test_does_not_grow_over_200_runs(self) -> None:
        bars, targets = market([100.0] * 10), [1.0, 0.0] * 5

        def resident() -> int:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            return pages * 4_096

        for _ in range(20):
            ENGINE.run(ask(targets), bars)
        before = resident()
        for _ in range(200):
            ENGINE.run(ask(targets), bars)

        assert resident() - before < 8_000_000


class TestInputs:
    def test_off_the_grid_are_refused(self) -> None:
        whole = market([100, 100, 100]).bars
        late = Bars(
            whole.timeframe, whole.open_ns + np.array([0, 60_000_000_000, 0]),
            whole.open, whole.high, whole.low, whole.close, whole.volume,
        )  # fmt: skip
        bars = replace(market([100, 100, 100]), bars=late)

        with pytest.raises(UnsupportedFeature, match=r"bar 1 opens off them, at 1970-01-01T01:01"):
            ENGINE.run(ask([1, 1, 1]), bars)

    @pytest.mark.parametrize("symbol", ["1000X-Y/USD", "A+B/USD:USD", "A_$B/U_D"])
    def test_may_have_any_symbol(self, symbol: str) -> None:
        bars = market([100, 100, 120], symbol=symbol)

        result = ENGINE.run(ask([0.5, 0, 0], costs=CostModel(fee_rate=0, funding=False)), bars)

        assert result.equity.tolist() == [10_000, 10_000, 11_000]

    def test_may_be_a_perpetual_on_a_cash_account(self) -> None:
        bars = market([100, 100, 120], symbol="BTC/USD:USD")

        result = ENGINE.run(ask([1, 0, 0], costs=CostModel(fee_rate=0, funding=False)), bars)

        assert result.equity.tolist() == [10_000, 10_000, 12_000]

    def test_progress_is_told_in_fractions(self, crossing: tuple[BacktestRequest, Market]) -> None:
        told: list[float] = []

        ENGINE.run(*crossing, told.append)

        assert len(told) > 2
        assert told == sorted(told)
        assert 0 < told[0] < told[-1] <= 1
