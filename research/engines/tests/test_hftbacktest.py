"""What is hftbacktest's own: what it refuses, how it fails, and that its faults are seen."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import CostModel, Rebalance
from common.domain.events import ARRAY_NAME, EVENT_DTYPE
from research.domain.backtest import Market
from research.domain.settings import EngineSettings
from research.engines.exceptions import EngineFailed, InvariantViolated, UnsupportedFeature
from research.engines.hftbacktest import session
from research.engines.hftbacktest.engine import HftbacktestEngine
from research.engines.tests.scripted import ask, market
from research.engines.tests.tape import facts, spread
from trading.strategies.base import StopSpec

pytestmark = [pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]

ENGINE = HftbacktestEngine()
COSTS = CostModel(fee_rate=0.01, maker_fee_rate=0.001)
FREE = CostModel(fee_rate=0.0)


@pytest.fixture
def bars(tmp_path: Path) -> Market:
    return spread().bid(130_000, 99.5, 5).market(tmp_path, [100, 110, 110])


class TestLayout:
    def test_of_our_files_is_that_of_the_library(self) -> None:
        types = importlib.import_module("hftbacktest.types")

        assert types.event_dtype == EVENT_DTYPE

    def test_of_latencies_is_that_of_the_library(self) -> None:
        latency = importlib.import_module("research.engines.hftbacktest.latency")
        theirs = importlib.import_module("hftbacktest.data.utils.feed_order_latency")

        assert theirs.order_latency_dtype == latency.LATENCY_DTYPE


class TestRefuses:
    def test_bars_without_events_and_says_how_to_get_some(self) -> None:
        with pytest.raises(UnsupportedFeature, match="import_events"):
            ENGINE.run(ask([1, 1]), market([100, 100]))

    @pytest.mark.parametrize(
        ("asked", "feature"),
        [
            ({"stop": StopSpec(stop_loss=0.1)}, "stops"),
            ({"costs": CostModel(slippage=0.001)}, "slippage"),
            ({"rebalance": Rebalance.EVERY_BAR}, "every_bar"),
        ],
    )
    def test_what_it_cannot_do(self, asked: dict[str, Any], feature: str, bars: Market) -> None:
        with pytest.raises(UnsupportedFeature, match=feature):
            ENGINE.run(ask([1, 1, 1], **asked), bars)

    def test_lots_that_are_none_of_the_instrument(self, bars: Market) -> None:
        coarse = replace(bars, instrument=replace(bars.instrument, lot=Decimal("0.3")))

        with pytest.raises(UnsupportedFeature, match=r"events is 0\.1, one of .* is 0\.3"):
            ENGINE.run(ask([1, 1, 1]), coarse)

    def test_latencies_of_events_that_have_none(self, tmp_path: Path) -> None:
        bars = spread().market(tmp_path, [100, 100])
        assert bars.events is not None
        events = np.load(bars.events.paths[0])[ARRAY_NAME]
        events["ev"] &= ~np.uint64(1 << 30)
        np.savez(bars.events.paths[0], data=events)

        with pytest.raises(UnsupportedFeature, match="no latency"):
            ENGINE.run(ask([1, 1], settings=EngineSettings(recorded_latency=True)), bars)


class TestFailures:
    @pytest.mark.parametrize("name", ["BacktestAsset", "HashMapMarketDepthBacktest"])
    def test_of_a_constructor_are_translated(
        self, name: str, bars: Market, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("no")

        monkeypatch.setattr(f"hftbacktest.{name}", fail)

        with pytest.raises(EngineFailed, match="hftbacktest failed: RuntimeError: no") as error:
            ENGINE.run(ask([1, 1, 1]), bars)

        assert isinstance(error.value.__cause__, RuntimeError)

    def test_of_the_replay_are_named(self, bars: Market, monkeypatch: pytest.MonkeyPatch) -> None:
        ENGINE.preload()
        monkeypatch.setattr("hftbacktest.binding.hashmapbt_elapse", lambda *_: 100)

        with pytest.raises(EngineFailed, match="code 100: DataError"):
            ENGINE.run(ask([1, 1, 1]), bars)

    def test_of_the_import_are_translated(self, tmp_path: Path) -> None:
        (tmp_path / "hftbacktest.py").write_text("raise ImportError('broken')\n")
        script = (
            "from research.engines.hftbacktest.engine import HftbacktestEngine as Engine\n"
            "from research.engines.exceptions import EngineFailed\n"
            "try:\n"
            "    Engine().preload()\n"
            "except EngineFailed as e:\n"
            "    print(e)\n"
        )
        found = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}

        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=found
        )

        assert done.stdout.strip() == "hftbacktest failed: ImportError: broken"

    def test_of_a_file_that_is_gone_do_not_end_the_process(self, bars: Market) -> None:
        assert bars.events is not None
        bars.events.paths[0].unlink()

        with pytest.raises(EngineFailed, match="there is no event file"):
            ENGINE.run(ask([1, 1, 1]), bars)

    @pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn"])
    def test_of_a_file_that_is_damaged_do_not_end_the_process(
        self, content: bytes, bars: Market
    ) -> None:
        assert bars.events is not None
        bars.events.paths[0].write_bytes(content)

        with pytest.raises(EngineFailed, match=r"events\.npz"):
            ENGINE.run(ask([1, 1, 1]), bars)


class TestPlantedFaults:
    """Each is made inside the library or between it and us, and must not pass."""

    def test_fees_a_tenth_too_high_are_seen(
        self, bars: Market, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        base = importlib.import_module("hftbacktest").BacktestAsset
        model = base.trading_value_fee_model
        dear = type(
            "Dear",
            (base,),
            {
                "trading_value_fee_model": lambda asset, *rates: model(
                    asset, *np.multiply(rates, 1.1)
                )
            },
        )
        monkeypatch.setattr("hftbacktest.BacktestAsset", dear)

        with pytest.raises(InvariantViolated, match="fee is not rate times notional"):
            ENGINE.run(ask([0.5, 0.5, 0.5], costs=COSTS), bars)

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (lambda rows: rows[1:], "counts 2 trades, 1 were seen"),
            (lambda rows: _changed(rows, "quantity", 1.01), "the fills make"),
            (lambda rows: _changed(rows, "ticks", 1.01), "the fills make"),
            (lambda rows: _changed(rows, "side", -1), "the fills make"),
            (lambda rows: _changed(rows, "ts_ns", 0), "outside the period"),
        ],
    )
    def test_fills_that_are_not_those_of_the_account_are_seen(
        self,
        fault: Callable[[Any], Any],
        error: str,
        bars: Market,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        records = session._Session.records
        monkeypatch.setattr(
            session._Session,
            "records",
            lambda each: replace(records(each), rows=fault(records(each).rows)),
        )

        with pytest.raises((EngineFailed, InvariantViolated), match=error):
            ENGINE.run(ask([0.5, 0, 0], costs=FREE), bars)


def _changed(rows: Any, name: str, factor: float) -> Any:
    rows[name][0] = round(rows[name][0] * factor) if name != "quantity" else rows[name][0] * factor
    return rows


class TestMemory:
    def test_is_that_of_the_events(self) -> None:
        per_million = ENGINE.memory.predict(bars=0, events=2_000_000) - ENGINE.memory.predict(
            bars=0, events=1_000_000
        )

        assert per_million == 64_000_000


class TestBarsAndEvents:
    def test_meet_by_time_alone(self, tmp_path: Path) -> None:
        # A bar is missing: the target of the first is executed when it closes, not when the
        # next one that is stored opens.
        tape = spread().bid(250_000, 99.5, 5)
        whole = tape.market(tmp_path, [100] * 4)
        holed = replace(whole, bars=whole.bars.rows(0, 1).joined(whole.bars.rows(2, 4)))

        assert facts(ENGINE.run(ask([0.5] * 3), holed))[0][0] == 60_000
