"""What is NautilusTrader's own: its account, its errors, its memory, its precision."""

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from time import process_time
from typing import override

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel
from common.domain.funding import FundingRates
from research.domain.backtest import Execution, Market
from research.engines.base import Task
from research.engines.exceptions import EngineFailed, InvariantViolated, UnsupportedFeature
from research.engines.nautilus.engine import NautilusEngine
from research.engines.nautilus.inputs import Scale
from research.engines.nautilus.records import Records
from research.engines.tests.scripted import HOUR_NS, ask, market

pytestmark = [pytest.mark.engine("nautilus"), pytest.mark.timeout(120)]

FREE = CostModel(fee_rate=0.0)


def walk(count: int) -> Market:
    chance = np.random.default_rng(7)
    closes = 100 * np.exp(np.cumsum(chance.normal(0, 0.002, count)))
    return market(np.concatenate([[100.0], closes[:-1]]), closes, lot="0.001")


def funded(*times: float, rates: list[float], marks: list[float] | None = None) -> Market:
    """Return a perpetual that gains 10 each hour from 100, with funding at these hours."""
    bars = market([100, 100, 110, 120, 130], [100, 110, 120, 130, 140], symbol="BTC/USD:USD")
    due = FundingRates(
        (np.array(times) * HOUR_NS).astype(np.int64),
        np.array(rates),
        np.array(marks or [np.nan] * len(times)),
    )
    return replace(bars, funding=due)


class TestMoney:
    def test_of_a_tiny_fee_is_not_rounded(self) -> None:
        # One lot of 1e-8 at 100 pays 1e-6 * 0.001 = 1e-9; in cents it would pay nothing.
        bars = market([100, 100, 100])

        result = NautilusEngine().run(ask([1e-10, 1e-10, 1e-10]), bars)

        assert result.fills["fee"].tolist() == [1e-9]

    def test_is_spent_to_the_last_unit_without_an_overdraft(self) -> None:
        # Ten thirds of a price with a tenth of a per cent: no exact quotient anywhere.
        bars = market([3.3, 3.3, 3.3], lot="1e-8")

        result = NautilusEngine().run(ask([1, 1, 1]), bars)

        assert 0 <= result.cash < 3.4e-8

    def test_of_a_cheap_coin_keeps_ten_digits(self) -> None:
        bars = market([1.2345678e-6, 1.2345679e-6, 1.2345679e-6], lot="1")

        result = NautilusEngine().run(ask([0.5, 0, 0], costs=FREE), bars)

        assert result.fills["price"].tolist() == [1.2345679e-6] * 2


class TestFunding:
    def test_is_paid_by_longs_on_what_was_held_before(self) -> None:
        # Nothing is held before the fill at hour 1; then 50 * 110 * 0.01 and, at the stored
        # mark, 50 * 121 * 0.02 received. Sold at 130: 10,000 + 1,500 - 55 + 121.
        bars = funded(1, 2, 3.5, rates=[0.01, 0.01, -0.02], marks=[np.nan, np.nan, 121.0])

        result = NautilusEngine().run(ask([0.5, 0.5, 0.5, 0, 0], costs=FREE), bars)

        assert result.funding["amount"].tolist() == [-55.0, 121.0]
        assert result.funding["quantity"].tolist() == [50.0, 50.0]
        assert result.equity.tolist() == [10_000, 10_500, 10_945, 11_566, 11_566]
        assert result.cash == 11_566

    def test_is_received_by_shorts(self) -> None:
        bars = funded(2, rates=[0.01])
        request = ask([-0.5, -0.5, -0.5, 0, 0], costs=FREE, account=AccountType.MARGIN)

        result = NautilusEngine().run(request, bars)

        assert result.funding["amount"].tolist() == [55.0]
        assert result.cash == 10_000 - 1_500 + 55

    def test_at_a_close_belongs_to_the_next_bar_and_its_size(self) -> None:
        # Half of the equity of 10,500 at the close of hour 1 is held already, less what
        # the funding at that very moment takes: it is not counted yet.
        bars = funded(2, rates=[0.5])

        result = NautilusEngine().run(ask([0.5, 0.6, 0.6, 0.6, 0.6], costs=FREE), bars)

        # 0.6 * 10,500 / 110 = 57.2727...: 7.27272727 more, at 110.
        assert result.fills["quantity"].tolist() == [50.0, 7.27272727]
        assert result.funding["amount"].tolist() == [-2_750.0]

    def test_leaves_less_for_a_buy_at_the_same_open(self) -> None:
        # 50 at 100 leave 5,000; funding takes 50 * 110 * 0.1 = 550 before the rest is
        # bought at 110 for what is left: 4,450 / 110 = 40.45.
        bars = funded(2, rates=[0.1])
        coarse = replace(bars, instrument=replace(bars.instrument, lot=Decimal("0.01")))

        result = NautilusEngine().run(ask([0.5, 1, 1, 1, 1], costs=FREE), coarse)

        assert result.fills["quantity"].tolist() == [50.0, 40.45]
        assert result.cash == pytest.approx(0.5)


class Faulty(NautilusEngine):
    """Reports something else than NautilusTrader's account says."""

    fault = ""

    @override
    def _execute(self, task: Task) -> Execution:
        execution = super()._execute(task)
        fills = execution.fills.copy()
        if self.fault == "fee":
            fills["fee"] *= 1.1
        elif self.fault == "late":
            fills["ts_ns"] += HOUR_NS
        else:
            fills = fills[:-1]
        return replace(execution, fills=fills)


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ("fee", "fee is not rate times notional"),
            ("late", "price is not that bar's open plus slippage"),
            ("dropped", "the fills make"),
        ],
    )
    def test_in_what_is_reported_contradict_the_account(self, fault: str, message: str) -> None:
        engine = Faulty()
        engine.fault = fault

        with pytest.raises(InvariantViolated, match=message):
            engine.run(ask([0.5, 0.5, 0, 0, 0]), market([100, 110, 120, 130, 140]))

    def test_of_the_library_end_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        NautilusEngine().preload()
        from nautilus_trader.backtest import engine as backtest

        class Broken(backtest.BacktestEngine):  # type: ignore[misc]
            def run(self, *args: object, **kwargs: object) -> None:
                raise RuntimeError("sabotaged")

        monkeypatch.setattr(backtest, "BacktestEngine", Broken)

        with pytest.raises(
            EngineFailed, match="nautilus failed: RuntimeError: sabotaged"
        ) as error:
            NautilusEngine().run(ask([1, 0, 0]), market([100, 100, 100]))

        assert isinstance(error.value.__cause__, RuntimeError)

    def test_of_the_data_end_the_run(self) -> None:
        # Only a run that accepts dirty data can get as far as this with such a price.
        with pytest.raises(EngineFailed, match="nautilus failed: ValueError"):
            NautilusEngine().run(ask([1, 1, 1]), market([100, 1e14, 100], [100, 100, 100]))

    def test_refusals_of_an_order_and_lost_bars_end_the_run(self) -> None:
        bars = walk(3).bars

        with pytest.raises(EngineFailed, match="refused an order: NOTIONAL_EXCEEDS"):
            Records(refused=["NOTIONAL_EXCEEDS_FREE_BALANCE"], bars=3).check_complete(bars)
        with pytest.raises(EngineFailed, match="stopped after 2 of 3 bars"):
            Records(bars=2).check_complete(bars)


class TestScale:
    def test_refuses_more_decimals_than_the_library_has(self) -> None:
        bars = market([100, 100], lot="1e-17")

        with pytest.raises(UnsupportedFeature, match="the lot 1E-17 needs 17"):
            Scale.of(bars.instrument, bars.bars, 0.0)

    def test_refuses_more_lots_than_floats_count(self) -> None:
        # 1e6 buys 1e9 at 0.001, which is 1e17 lots of 1e-8.
        bars = market([0.001, 0.001], lot="1e-8")

        with pytest.raises(UnsupportedFeature, match=r"buys 1e\+17 lots of 0\.00000001"):
            NautilusEngine().run(ask([0, 0], cash=1e6), bars)

    def test_refuses_prices_of_which_it_would_lose_digits(self) -> None:
        bars = market([1e-8, 1e-8])

        with pytest.raises(UnsupportedFeature, match="too few for a price of 1e-08"):
            Scale.of(bars.instrument, bars.bars, 0.0)

    def test_of_a_strategy_file_is_that_of_the_prices(self) -> None:
        bars = market([100.25, 100.5])
        on_tick = replace(bars.instrument, tick=Decimal("0.005"))

        assert Scale.natural(bars.instrument, bars.bars).price == 2
        assert Scale.natural(on_tick, bars.bars).price_step == Decimal("0.005")


class TestCost:
    @pytest.mark.slow
    def test_grows_no_faster_than_the_fills(self) -> None:
        engine = NautilusEngine()

        def cost(count: int) -> float:
            targets = np.full(count, np.nan)
            targets[::5] = np.arange(len(targets[::5])) % 2
            before = process_time()
            result = engine.run(ask(targets), walk(count))
            assert len(result.fills) >= count // 5 - 1
            return process_time() - before

        small = min(cost(2_000) for _ in range(3))
        large = min(cost(8_000) for _ in range(2))

        assert large <= 5 * small

    @pytest.mark.slow
    def test_of_one_run_after_another_leaves_memory_where_it_was(self) -> None:
        script = (
            "import os, numpy as np\n"
            "from research.engines.registry import get_engine\n"
            "from research.engines.tests.scripted import ask, market\n"
            "def resident():\n"
            "    return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGESIZE')\n"
            "bars = market(100 + np.sin(np.arange(2_000)))\n"
            "targets = np.arange(2_000) // 20 % 2\n"
            "for _ in range(5): get_engine('nautilus').run(ask(targets), bars)\n"
            "before = resident()\n"
            "for _ in range(20): get_engine('nautilus').run(ask(targets), bars)\n"
            "print(resident() - before)\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        # A run over 2,000 bars makes 5 MB of objects; 20 that were kept would be 100.
        assert int(done.stdout) < 10_000_000

    def test_of_the_import_has_no_charts_in_it(self) -> None:
        script = (
            "import sys\n"
            "from research.engines.registry import get_engine\n"
            "get_engine('nautilus').preload()\n"
            "print({'plotly', 'matplotlib'} & set(sys.modules))\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "set()"
