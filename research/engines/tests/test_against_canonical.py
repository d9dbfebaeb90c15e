"""Every fill of every engine against the exact recomputation, on real bars and changed ones."""

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, override

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.domain.costs import AccountType, CostModel, Rebalance, Sizing
from common.domain.funding import FundingRates
from research.domain.backtest import BacktestRequest, BacktestResult, Market
from research.engines.base import BacktestEngine
from research.engines.exceptions import UnsupportedFeature
from research.engines.tests import real_bars
from research.engines.tests.canonical import Canonical, compare, execute, merge
from research.engines.tests.scripted import HOUR_NS, Scripted, market
from trading.strategies.base import StopSpec
from trading.strategies.library.donchian_breakout import DonchianBreakout
from trading.strategies.library.sma_cross import SmaCross

# How many bars of each file an engine runs where the whole file would take too long; once,
# every engine runs a whole one.
MOST_BARS: Final = {"freqtrade": 3_000, "nautilus": 4_000}
SERIES = (
    "hours",
    "minutes",
    "hours with gaps",
    "minutes with gaps",
    "hours with holes",
    "minutes with holes",
)
SLIPPING = {"costs": CostModel(slippage=0.001)}
SHORT = {"account": AccountType.MARGIN}
NOTIONAL = {"sizing": Sizing.parse("fixed_notional=1000")}
QUANTITY = {"sizing": Sizing.parse("fixed_quantity=0.5")}
EVERY_BAR = {"rebalance": Rebalance.EVERY_BAR}


@dataclass(frozen=True, eq=False)
class Case:
    series: str
    targets: str
    settings: dict[str, Any]
    min_notional: str | None = None
    stop: StopSpec | None = None

    @override
    def __str__(self) -> str:
        settings = ",".join([*self.settings, *self._stops()]) or "plain"
        return f"{self.series}-{self.targets}-{settings}-{self.min_notional}"

    def _stops(self) -> list[str]:
        stops = {} if self.stop is None else asdict(self.stop)
        return [name for name, distance in stops.items() if distance is not None]


CASES = [
    *(Case(series, targets, {}) for series in SERIES for targets in ("sma", "donchian")),
    Case("hours", "fractions", {}),
    Case("hours with gaps", "fractions", {}),
    Case("minutes with holes", "fractions", SLIPPING),
    Case("hours", "sma", SLIPPING),
    Case("minutes with gaps", "donchian", SLIPPING),
    Case("hours", "sma short", SHORT),
    Case("minutes with gaps", "sma short", SHORT),
    Case("hours with holes", "sma short", {**SHORT, **NOTIONAL, **SLIPPING}),
    Case("hours with gaps", "sma", NOTIONAL),
    Case("hours with gaps", "fractions", QUANTITY),
    Case("hours", "fractions", {}, "2000"),
    Case("minutes with gaps", "fractions", SLIPPING, "2000"),
    Case("hours with holes", "sma short", SHORT, "2000"),
]
STOPS = [
    Case("hours", "sma", {}, stop=StopSpec(stop_loss=0.02)),
    Case("hours", "donchian", SLIPPING, stop=StopSpec(take_profit=0.03)),
    Case("hours with gaps", "sma", SLIPPING, stop=StopSpec(trailing=0.03)),
    Case("hours with gaps", "sma short", SHORT, stop=StopSpec(stop_loss=0.02, take_profit=0.04)),
    Case("hours with holes", "sma short", {**SHORT, **NOTIONAL}, stop=StopSpec(trailing=0.025)),
    Case(
        "minutes",
        "sma",
        SLIPPING,
        stop=StopSpec(stop_loss=0.003, take_profit=0.006, trailing=0.004),
    ),
    Case("hours", "fractions", SLIPPING, stop=StopSpec(stop_loss=0.04, trailing=0.06)),
]


@cache
def load(series: str, folder: Path) -> Bars:
    what, _, change = series.partition(" with ")
    if change:
        chance = np.random.default_rng(20_191_017)
        changed = {"gaps": real_bars.with_gaps, "holes": real_bars.with_holes}[change]
        return changed(load(what, folder), chance)
    reader = {"hours": real_bars.read_hourly, "minutes": real_bars.read_minutes}[what]
    return reader(folder)


def read(name: str, bars: Bars) -> Floats:
    """Return the targets of a strategy, or random fractions every 24 bars."""
    if name == "fractions":
        chance = np.random.default_rng(24)
        targets = np.full(len(bars), np.nan)
        targets[::24] = chance.choice([0, 0.3, 0.5, 0.7, 1], len(targets[::24]))
        return targets
    strategy = DonchianBreakout() if name == "donchian" else SmaCross()
    given = {"allow_short": True} if name == "sma short" else {}
    return strategy.targets(bars, strategy.admit(given))


@cache
def expect(case: Case, lot: str, folder: Path, most: int | None = None) -> Canonical:
    request, bars = pose(case, lot, folder, most)
    return execute(request, bars, read(case.targets, bars.bars))


def pose(
    case: Case, lot: str, folder: Path, most: int | None = None
) -> tuple[BacktestRequest, Market]:
    bars = load(case.series, folder)
    bars = bars.rows(0, min(most or len(bars), len(bars)))
    minimum = case.min_notional
    spec = market([1.0], lot=lot, min_notional=minimum).instrument
    targets = read(case.targets, bars)
    strategy = Scripted(targets, shorts="account" in case.settings, stop=case.stop)
    request = BacktestRequest(strategy=strategy, params={}, **case.settings)
    return request, Market(instrument=spec, bars=bars)


def differences(
    result: BacktestResult, expected: Canonical, request: BacktestRequest, bars: Market
) -> list[str]:
    return compare(fills=result.fills, expected=expected, market=bars, cash=request.cash)


class TestFillsOnRealBars:
    @pytest.mark.parametrize("lot", ["1e-8", "1e-5", "0.001"])
    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_every_fill_is_the_canonical_one(
        self, engine: BacktestEngine, case: Case, lot: str, sample_data: Path
    ) -> None:
        request, bars = pose(case, lot, sample_data, MOST_BARS.get(engine.name))
        expected = expect(case, lot, sample_data, MOST_BARS.get(engine.name))

        result = engine.run(request, bars)

        assert len(expected.fills) > 5 or engine.name in MOST_BARS
        assert differences(result, expected, request, bars) == []
        np.testing.assert_allclose(result.equity, expected.equity, rtol=1e-6)

    def test_every_fill_of_a_whole_file_is_the_canonical_one(
        self, engine: BacktestEngine, sample_data: Path
    ) -> None:
        request, bars = pose(CASES[0], "1e-8", sample_data)
        expected = expect(CASES[0], "1e-8", sample_data)

        result = engine.run(request, bars)

        assert len(result.fills) == 536
        assert result.equity[-1] == pytest.approx(49_338.6725, rel=1e-8)
        assert differences(result, expected, request, bars) == []

    @pytest.mark.parametrize("lot", ["1e-5", "0.001"])
    @pytest.mark.parametrize("targets", ["sma", "fractions", "sma short"])
    def test_every_fill_of_a_rebalance_at_every_bar_is_the_canonical_one(
        self, engine: BacktestEngine, targets: str, lot: str, sample_data: Path
    ) -> None:
        settings = {**EVERY_BAR, **(SHORT if targets == "sma short" else {})}
        case = Case("hours with gaps", targets, settings)
        request, bars = pose(case, lot, sample_data, MOST_BARS.get(engine.name))
        expected = expect(case, lot, sample_data, MOST_BARS.get(engine.name))

        result = engine.run(request, bars)

        assert differences(result, expected, request, bars) == []

    @pytest.mark.parametrize("lot", ["1e-8", "0.001"])
    @pytest.mark.parametrize("case", STOPS, ids=str)
    def test_every_exit_at_a_stop_is_the_canonical_one(
        self, engine: BacktestEngine, case: Case, lot: str, sample_data: Path
    ) -> None:
        request, bars = pose(case, lot, sample_data, MOST_BARS.get(engine.name))
        expected = expect(case, lot, sample_data, MOST_BARS.get(engine.name))

        result = engine.run(request, bars)

        assert np.count_nonzero(expected.fills["reason"]) > 5
        assert differences(result, expected, request, bars) == []
        assert merge(result.fills)["reason"].tolist() == merge(expected.fills)["reason"].tolist()
        np.testing.assert_allclose(result.equity, expected.equity, rtol=1e-6)

    @pytest.mark.parametrize("case", CASES[::4], ids=str)
    def test_coarse_lots_leave_nothing_to_tolerate(
        self, engine: BacktestEngine, case: Case, sample_data: Path
    ) -> None:
        request, bars = pose(case, "0.001", sample_data, MOST_BARS.get(engine.name))
        expected = expect(case, "0.001", sample_data, MOST_BARS.get(engine.name))

        result = engine.run(request, bars)

        assert result.fills["quantity"].tolist() == expected.fills["quantity"].tolist()
        np.testing.assert_allclose(result.fills["fee"], expected.fills["fee"], rtol=1e-9)
        np.testing.assert_allclose(result.equity, expected.equity, rtol=1e-9)
        assert result.skipped_orders == expected.skipped


def funded(bars: Bars) -> Market:
    """Return a perpetual with funding every eight hours, as bars open, half of it unmarked."""
    chance = np.random.default_rng(8)
    times = np.arange(bars.open_ns[0], bars.open_ns[-1], 8 * HOUR_NS, np.int64)
    marks = np.where(np.arange(len(times)) % 2, chance.uniform(4_000, 12_000, len(times)), np.nan)
    rates = FundingRates(times, chance.uniform(-1e-3, 1e-3, len(times)), marks)
    spec = market([1.0], symbol="BTC/USD:USD", lot="0.001").instrument
    return Market(instrument=spec, bars=bars, funding=rates)


@pytest.mark.never(
    "vectorbt", raises=UnsupportedFeature, reason="its account knows no payments beside orders"
)
class TestFundingOnRealBars:
    @pytest.mark.slow
    @pytest.mark.parametrize("stop", [None, StopSpec(stop_loss=0.02, trailing=0.03)])
    def test_every_entry_is_the_canonical_one(
        self, engine: BacktestEngine, stop: StopSpec | None, sample_data: Path
    ) -> None:
        bars = funded(load("hours with holes", sample_data).rows(0, 1_500))
        targets = read("sma short", bars.bars)
        strategy = Scripted(targets, shorts=True, stop=stop)
        request = BacktestRequest(strategy=strategy, params={}, account=AccountType.MARGIN)
        expected = execute(request, bars, targets)

        result = engine.run(request, bars)

        assert len(expected.funding) > 50
        for name in ("ts_ns", "quantity", "mark", "amount"):
            found, wanted = result.funding[name], expected.funding[name]
            np.testing.assert_allclose(found, wanted, rtol=1e-9, err_msg=name)
        assert compare(
            fills=result.fills, expected=expected, market=bars, cash=request.cash,
            funding=result.funding,
        ) == []  # fmt: skip
        np.testing.assert_allclose(result.equity, expected.equity, rtol=1e-9)


class TestTheComparison:
    """A fault in the engine must not pass."""

    case = CASES[0]

    def test_sees_a_fee_that_is_a_tenth_too_high(
        self, engine: BacktestEngine, sample_data: Path
    ) -> None:
        request, bars = pose(self.case, "1e-8", sample_data)
        expected = expect(self.case, "1e-8", sample_data)
        faulty, _ = pose(
            Case("hours", "sma", {"costs": CostModel(fee_rate=0.0011)}), "1e-8", sample_data
        )

        found = differences(engine.run(faulty, bars), expected, request, bars)

        assert found[-1].startswith("final equity")
        assert sum(": fee " in line for line in found) > 500

    def test_sees_fills_that_are_one_bar_late(
        self, engine: BacktestEngine, sample_data: Path
    ) -> None:
        request, bars = pose(self.case, "1e-8", sample_data)
        targets = read("sma", bars.bars)
        expected = expect(self.case, "1e-8", sample_data)
        late = Scripted(np.concatenate([[np.nan], targets[:-1]]))

        result = engine.run(BacktestRequest(strategy=late, params={}), bars)

        found = differences(result, expected, request, bars)
        assert sum(": ts_ns " in line for line in found) == len(expected.fills)

    def test_sees_a_fill_that_was_dropped(self, engine: BacktestEngine, sample_data: Path) -> None:
        request, bars = pose(self.case, "1e-8", sample_data)
        expected = expect(self.case, "1e-8", sample_data)

        fills = np.delete(engine.run(request, bars).fills, 100)

        assert compare(fills=fills, expected=expected, market=bars, cash=request.cash) == [
            "535 fills, expected 536"
        ]

    def test_merges_the_pieces_of_one_execution(
        self, engine: BacktestEngine, sample_data: Path
    ) -> None:
        request, bars = pose(self.case, "1e-8", sample_data)
        expected = expect(self.case, "1e-8", sample_data)
        halves = np.repeat(engine.run(request, bars).fills, 2)
        halves["quantity"] /= 2
        halves["fee"] /= 2

        assert compare(fills=halves, expected=expected, market=bars, cash=request.cash) == []
