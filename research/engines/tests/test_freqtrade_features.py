"""Funding, protections and detail bars as Freqtrade executes them, worked by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from common.domain.bars import Bars
from common.domain.costs import AccountType, CostModel
from common.domain.enums import FillReason
from common.domain.funding import FundingRates
from common.domain.timeframe import Timeframe
from research.domain.backtest import BacktestResult, Market
from research.domain.settings import EngineSettings
from research.engines.exceptions import EngineFailed, InvariantViolated, UnsupportedFeature
from research.engines.freqtrade.engine import FreqtradeEngine
from research.engines.tests import freqtrade_plain
from research.engines.tests.conformance import facts
from research.engines.tests.scripted import HOUR_NS, ask, market, quoted
from trading.strategies.base import StopSpec

pytestmark = [pytest.mark.engine("freqtrade"), pytest.mark.timeout(120)]
ENGINE = FreqtradeEngine()
FREE = CostModel(fee_rate=0.0)
FLAT, DOWN = (100, 100, 100, 100), (95, 97, 85, 88)
BOTH, TOUCHES_BOTH = StopSpec(stop_loss=0.1, take_profit=0.1), (100, 115, 85, 100)


def funded(
    hours: Sequence[float],
    rates: list[float],
    marks: list[float] | None = None,
    *,
    at: list[int] | None = None,
) -> Market:
    """Return a perpetual that opens at 100, 100, 110, 120, 100, 100, with funding at these hours."""
    times = np.rint(np.array(hours) * HOUR_NS).astype(np.int64)
    due = FundingRates(times, np.array(rates), np.array(marks or [np.nan] * len(rates)))
    bars = market([100, 100, 110, 120, 100, 100], hours=at, symbol="BTC/USD:USD")
    return replace(bars, funding=due)


def amounts(result: BacktestResult) -> list[float]:
    return [round(float(amount), 6) for amount in result.funding["amount"]]


class TestFunding:
    def test_is_paid_by_a_long_position_on_the_open_of_its_bar(self) -> None:
        # 50 held: 50 * 110 * 1 % = 55, 50 * 120 * 1 % = 60; equity 5,000 - 55 + 50 * 110.
        result = ENGINE.run(ask([0.5] * 6, costs=FREE), funded([2, 3], [0.01, 0.01]))

        assert amounts(result) == [-55, -60]
        assert result.equity[2:4].tolist() == [10_445, 10_885]

    def test_is_received_by_a_short_position_on_a_stored_mark(self) -> None:
        request = ask([-0.5] * 6, costs=FREE, account=AccountType.MARGIN)

        result = ENGINE.run(request, funded([2.5], [0.01], [200.0]))

        assert amounts(result) == [100]
        assert result.equity[2] == 10_000 - 500 + 100

    def test_at_the_moment_of_a_fill_is_that_of_the_position_before_it(self) -> None:
        # Bought at 1:00, sold at 4:00: nothing at 1:00, all of it at 4:00.
        result = ENGINE.run(
            ask([0.5, 0.5, 0.5, 0, 0, 0], costs=FREE), funded([1, 4, 5], [0.01, 0.01, 0.01])
        )

        assert amounts(result) == [-50]
        assert result.funding["ts_ns"].tolist() == [4 * HOUR_NS]

    def test_some_milliseconds_after_a_fill_is_that_of_the_position_after_it(self) -> None:
        late = 5e-3 / 3600

        result = ENGINE.run(
            ask([0.5, 0.5, 0.5, 0, 0, 0], costs=FREE), funded([1 + late, 4 + late], [0.01, 0.01])
        )

        assert amounts(result) == [-50]
        assert result.funding["ts_ns"].tolist() == [HOUR_NS + 5_000_000]

    def test_is_booked_where_bars_are_missing(self) -> None:
        # The bars of 3:00 and 4:00 are not there; the open of 2:00 stands for the mark.
        bars = funded([3, 4.5], [0.01, 0.02], at=[0, 1, 2, 5, 6, 7])

        result = ENGINE.run(ask([0.5] * 6, costs=FREE), bars)

        assert amounts(result) == [-55, -110]

    def test_before_an_open_sizes_its_order(self) -> None:
        # Half of 5,000 - 55 + 50 * 110 = 10,445 is 47.477272 at 110, so 2.522727 are sold.
        result = ENGINE.run(
            ask([0.5, 0.5, 0.4999999, 0.4999999, 0.5, 0.5], costs=FREE),
            funded([2.5], [0.01]),
        )

        assert facts(result)[1] == (3, -1, 120, round(50 - 0.4999999 * 10_445 / 110, 6), 0)

    def test_at_an_open_leaves_less_cash_for_its_order(self) -> None:
        # At 2:00 the position pays 55 of 5,000, so 4,945 buy at 110.
        result = ENGINE.run(ask([0.5, 1, 1, 1, 1, 1], costs=FREE), funded([2], [0.01]))

        assert facts(result)[1] == (2, 1, 110, round(4_945 / 110, 6), 0)
        assert result.cash == pytest.approx(0, abs=1e-5)

    def test_that_freqtrade_books_otherwise_contradicts_the_rule(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        freqtrade_plain.fund_at_both_ends(monkeypatch)

        with pytest.raises(InvariantViolated, match="freqtrade booked funding of"):
            ENGINE.run(ask([0.5] * 6, costs=FREE), funded([1, 2], [0.01, 0.01]))

    def test_does_not_move_a_take_profit(self) -> None:
        # 100 * 1.1 = 110 is the aim, whatever was paid meanwhile.
        bars = quoted(FLAT, FLAT, FLAT, (105, 109, 100, 105), (105, 112, 105, 106), FLAT)
        rates = funded([2, 3], [0.02, 0.02]).funding
        perpetual = replace(funded([2], [0.0]), bars=bars.bars, funding=rates)
        request = ask([0.5] * 6, costs=FREE, stop=StopSpec(take_profit=0.1))

        result = ENGINE.run(request, perpetual)

        assert facts(result)[1] == (4, -1, 110, 50, 0)


class TestStops:
    def test_cover_no_more_of_a_short_than_cash_pays(self) -> None:
        # 100 sold at 100 leave 20,000, which buy 80 of them where it opens at 250; the 20
        # that are left are worth more than nothing, so the account is ruined.
        bars = quoted(FLAT, FLAT, (250, 260, 240, 250), FLAT)
        request = ask(
            [-1] * 4, costs=FREE, stop=StopSpec(stop_loss=0.1), account=AccountType.MARGIN
        )

        result = ENGINE.run(request, bars)

        assert facts(result) == [(1, -1, 100, 100, 0), (2, 1, 250, 80, 0)]
        assert result.fills["reason"][1] == FillReason.STOP_LOSS
        assert (result.cash, result.quantity, result.ruined) == (0, -20, True)

    def test_slip_from_the_level_that_follows_closes(self) -> None:
        # Bought at 101: trailing from a close of 120 stops at 108, sold at 108 * 0.99.
        bars = quoted(FLAT, FLAT, (100, 121, 100, 120), (110, 110, 90, 92))
        costs = CostModel(fee_rate=0, slippage=0.01)

        result = ENGINE.run(ask([0.5] * 4, costs=costs, stop=StopSpec(trailing=0.1)), bars)

        assert facts(result) == [(1, 1, 101, 50, 0), (3, -1, 106.92, 50, 0)]
        assert result.fills["reason"][1] == FillReason.TRAILING


class TestProtections:
    bars = quoted(FLAT, FLAT, DOWN, *[FLAT] * 8)
    # Stopped at 90 in bar 2; another target is read at each close from 3 to 6.
    targets = (0.5, 0.5, 0.5, 0.25, 0.5, 0.25, 0.6, 0.6, 0.6, 0.6, 0.6)

    def entries(self, *protections: dict[str, Any]) -> list[int]:
        request = ask(
            self.targets,
            costs=FREE,
            stop=StopSpec(stop_loss=0.1),
            settings=EngineSettings(protections=protections),
        )
        held, hours = 0.0, []
        for hour, side, _, quantity, _ in facts(ENGINE.run(request, self.bars)):
            hours += [hour] if held == 0 else []
            held += side * quantity
        return hours

    def test_lock_nothing_unless_they_are_asked_for(self) -> None:
        assert self.entries() == [1, 4]

    def test_of_a_cooldown_lock_entries_for_some_bars(self) -> None:
        # Closed at 2:00, locked for three bars, which Freqtrade ends at the next whole one.
        cooldown = {"method": "CooldownPeriod", "stop_duration_candles": 3}

        assert self.entries(cooldown) == [1, 6]

    @pytest.mark.parametrize(
        "guard",
        [
            {"method": "StoplossGuard", "trade_limit": 1},
            {"method": "LowProfitPairs", "trade_limit": 1, "required_profit": 0.0},
            {"method": "MaxDrawdown", "calculation_mode": "equity", "trade_limit": 1,
             "max_allowed_drawdown": 0.04},
        ],
        ids=lambda guard: guard["method"],
    )  # fmt: skip
    def test_lock_entries_after_a_loss(self, guard: dict[str, Any]) -> None:
        hours = {"lookback_period_candles": 24, "stop_duration_candles": 20}

        assert self.entries({**guard, **hours}) == [1]

    def test_measure_a_drawdown_against_the_account(self) -> None:
        # 500 of 10,000 is 5 %: below a limit of 6 %, and the wallet inside is larger yet.
        guard = {
            "method": "MaxDrawdown", "calculation_mode": "equity", "trade_limit": 1,
            "lookback_period_candles": 24, "stop_duration_candles": 20,
        }  # fmt: skip

        assert self.entries({**guard, "max_allowed_drawdown": 0.06}) == [1, 4]
        assert self.entries({**guard, "max_allowed_drawdown": 0.04}) == [1]

    def test_that_do_not_exist_fail_the_run(self) -> None:
        with pytest.raises(EngineFailed, match="Impossible to load Protection 'Hope'"):
            self.entries({"method": "Hope"})


def quarters(*prices: tuple[float, float, float, float]) -> Bars:
    """Return bars of 15 minutes from the first hour on."""
    opens, highs, lows, closes = np.array(prices, np.float64).T.copy()
    times = (np.arange(len(prices)) * Timeframe.M15.nanoseconds).astype(np.int64)
    volume = np.ones(len(prices))
    return Bars(Timeframe.M15, times, opens, highs, lows, closes, volume)


class TestDetail:
    bars = quoted(FLAT, FLAT, TOUCHES_BOTH, FLAT)
    up_first = quarters(
        *[FLAT] * 8, (100, 115, 100, 114), (114, 114, 85, 90), (90, 100, 90, 100), *[FLAT] * 5
    )
    down_first = quarters(
        *[FLAT] * 8, (100, 100, 85, 90), (90, 115, 90, 100), (100, 100, 100, 100), *[FLAT] * 5
    )

    def run(self, detail: Bars | None, settings: EngineSettings) -> BacktestResult:
        request = ask([0.5] * 4, costs=FREE, stop=BOTH, settings=settings)
        return ENGINE.run(request, replace(self.bars, detail=detail))

    def test_decides_which_level_a_bar_reached_first(self) -> None:
        detailed = EngineSettings(detail=Timeframe.M15)

        plain = self.run(None, EngineSettings())
        up, down = self.run(self.up_first, detailed), self.run(self.down_first, detailed)

        reasons = [FillReason(int(result.fills["reason"][1])) for result in (plain, up, down)]
        assert reasons == [FillReason.STOP_LOSS, FillReason.TAKE_PROFIT, FillReason.STOP_LOSS]
        assert facts(up)[1:] == [(2, -1, 110, 50, 0)]
        assert facts(down)[1:] == [(2, -1, 90, 50, 0)]

    def test_changes_no_order_to_a_target(self) -> None:
        request = ask([0.5, -0.5, 0.25, 0.25], costs=FREE, account=AccountType.MARGIN)
        detailed = replace(request, settings=EngineSettings(detail=Timeframe.M15))

        plain = ENGINE.run(request, self.bars)
        result = ENGINE.run(detailed, replace(self.bars, detail=self.up_first))

        assert len(plain.fills) == 3
        assert result.fills.tobytes() == plain.fills.tobytes()

    def test_that_is_not_finer_is_refused(self) -> None:
        with pytest.raises(UnsupportedFeature, match="not finer than bars of 1h"):
            self.run(self.bars.bars, EngineSettings(detail=Timeframe.H1))
