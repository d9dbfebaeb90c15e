"""Executions that contradict themselves or the request, each refused by its own sentence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, override

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel
from common.domain.fills import FILL_DTYPE, Fills
from common.domain.funding import FUNDING_DTYPE, FundingRates
from research.domain.backtest import BacktestRequest, BacktestResult, Execution, Market
from research.engines.base import BacktestEngine, Task
from research.engines.capabilities import Capabilities
from research.engines.exceptions import InvariantViolated
from research.engines.tests.scripted import HOUR_NS, ask, market

# 50 bought at 101 for 5,050 + 50.5, sold at 118.8 for 5,940 - 59.4: 10,780.1.
FILLS = np.array(
    [(1 * HOUR_NS, 1, 101.0, 50.0, 50.5, 0, 0), (2 * HOUR_NS, -1, 118.8, 50.0, 59.4, 0, 0)],
    FILL_DTYPE,
)
SOUND = Execution(
    fills=FILLS,
    equity=np.array([10_000, 4_899.5 + 50 * 110, 10_780.1]),
    cash=10_780.1,
    quantity=0.0,
    skipped_ns=np.array([], np.int64),
)
BARS = market([100, 100, 120], [100, 110, 120])
COSTS = CostModel(fee_rate=0.01, slippage=0.01)


@dataclass(frozen=True)
class Replayed(BacktestEngine):
    """An engine that reports what it is told to."""

    execution: Execution

    name = "replayed"
    requirement = "numpy"
    distributions = ("numpy",)
    capabilities = Capabilities(bars=True, short_selling=True)

    @override
    def _execute(self, task: Task) -> Execution:
        return self.execution


def run(
    execution: Execution, request: BacktestRequest | None = None, bars: Market = BARS
) -> BacktestResult:
    return Replayed(execution).run(request or ask([0.5, 0, 0], costs=COSTS), bars)


def faulty(**changes: Any) -> Fills:
    fills = FILLS.copy()
    for name, (row, value) in changes.items():
        fills[name][row] = value
    return fills


class TestFills:
    def test_sound_ones_pass(self) -> None:
        result = run(SOUND)

        assert result.equity.tolist() == pytest.approx([10_000, 10_399.5, 10_780.1], abs=1e-9)
        assert (result.engine, result.engine_version) == ("replayed", np.__version__)
        assert result.cash == pytest.approx(10_780.1, abs=1e-9)

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"price": (0, -101.0)}, "price is not positive"),
            ({"price": (0, float("nan"))}, "price is not positive"),
            ({"quantity": (1, 0.0)}, "quantity is not positive"),
            ({"ts_ns": (1, 0)}, "it is earlier than the one before"),
            ({"ts_ns": (0, 0)}, "no stored bar of the period but its first opens then"),
            ({"ts_ns": (1, 2 * HOUR_NS + 1)}, "no stored bar of the period"),
            ({"ts_ns": (1, 3 * HOUR_NS)}, "no stored bar of the period"),
            ({"price": (0, 99.0)}, "price is not that bar's open plus slippage"),
            ({"price": (1, 118.8 * (1 + 1e-8))}, "price is not that bar's open plus slippage"),
            ({"fee": (0, 50.5 * 1.1)}, "fee is not rate times notional"),
            ({"fee": (0, -50.5)}, "fee is not rate times notional"),
            ({"liquidity": (0, 1)}, "fee is not rate times notional"),
        ],
    )
    def test_a_fault_is_named(self, changes: dict[str, Any], fault: str) -> None:
        execution = replace(SOUND, fills=faulty(**changes))

        with pytest.raises(InvariantViolated, match=fault):
            run(execution)

    def test_of_another_layout_are_refused(self) -> None:
        with pytest.raises(InvariantViolated, match="fills have type"):
            run(replace(SOUND, fills=np.zeros(2).view(np.void)))

    def test_at_a_stop_may_lie_off_the_open(self) -> None:
        fills = faulty(price=(1, 110.0), fee=(1, 55.0), reason=(1, 1))
        execution = replace(
            SOUND, fills=fills, equity=np.array([10_000, 10_399.5, 10_344.5]), cash=10_344.5
        )

        # 110 after 1 % of slippage is a level of 111.1..., where the last bar has been.
        deep = market([100, 100, 120], [100, 110, 111])
        deep_execution = replace(execution, equity=np.array([10_000, 10_399.5, 10_344.5]))

        assert run(deep_execution, bars=deep).cash == pytest.approx(10_344.5)
        with pytest.raises(InvariantViolated, match="a stop filled outside its bar"):
            run(execution)


class TestFunding:
    """50 held from hour 1 on; a rate of 1 % at the mark 108 costs 50 * 108 * 0.01 = 54."""

    ENTRY = (int(1.5 * HOUR_NS), 0.01, 108.0, 50.0, -54.0)
    BARS = replace(
        BARS,
        funding=FundingRates(
            np.array([HOUR_NS, int(1.5 * HOUR_NS), 9 * HOUR_NS]),
            np.array([0.01, 0.01, 0.01]),
            np.array([np.nan, 108.0, 1.0]),
        ),
    )

    def booked(self, *entries: tuple[float, ...]) -> Execution:
        paid = sum(entry[-1] for entry in entries)
        return replace(
            SOUND,
            equity=SOUND.equity + np.array([0, paid, paid]),
            cash=SOUND.cash + paid,
            funding=np.array(list(entries), FUNDING_DTYPE),
        )

    def test_is_counted_in_cash_and_equity(self) -> None:
        # The fill at the first funding time comes after it, and the last is past the end.
        result = run(self.booked(self.ENTRY), bars=self.BARS)

        assert result.cash == pytest.approx(10_780.1 - 54)
        assert result.equity.tolist() == pytest.approx([10_000, 10_345.5, 10_726.1])
        assert result.funding["amount"].tolist() == [-54.0]

    def test_must_be_booked(self) -> None:
        with pytest.raises(InvariantViolated, match="booked 0 times, is due 1 times"):
            run(SOUND, bars=self.BARS)

    def test_must_not_be_booked_where_no_rate_is(self) -> None:
        with pytest.raises(InvariantViolated, match="booked 1 times, is due 0 times"):
            run(self.booked(self.ENTRY))

    def test_must_have_the_right_sign(self) -> None:
        received = (*self.ENTRY[:4], 54.0)

        with pytest.raises(InvariantViolated, match=r"is .*54\.0.*, the position owes .*-54\.0"):
            run(self.booked(received), bars=self.BARS)

    def test_is_marked_at_the_open_where_no_mark_is_stored(self) -> None:
        rates = FundingRates(np.array([int(1.5 * HOUR_NS)]), np.array([0.01]), np.array([np.nan]))
        entry = (int(1.5 * HOUR_NS), 0.01, 100.0, 50.0, -50.0)

        result = run(self.booked(entry), bars=replace(BARS, funding=rates))

        assert result.funding["mark"].tolist() == [100.0]


class TestAccount:
    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (lambda e: replace(e, equity=e.equity[:2]), r"equity has shape \(2,\), the period"),
            (lambda e: replace(e, equity=e.equity * (1 + 2e-6)), "equity at 1970-01-01T00:00:00Z"),
            (lambda e: replace(e, equity=e.equity * np.nan), "equity at 1970-01-01T00:00:00Z"),
            (lambda e: replace(e, cash=10_780.0), "cash after the last bar is 10780.0"),
            (lambda e: replace(e, quantity=0.001), "position after the last bar is 0.001"),
            (lambda e: replace(e, fills=e.fills[:1]), "equity at 1970-01-01T02:00:00Z"),
        ],
    )
    def test_a_fault_is_named(self, change: Callable[[Execution], Execution], fault: str) -> None:
        with pytest.raises(InvariantViolated, match=fault):
            run(change(SOUND))

    def test_a_buy_beyond_the_cash_is_refused(self) -> None:
        fills = np.array([(HOUR_NS, 1, 100.0, 101.0, 0.0, 0, 0)], FILL_DTYPE)
        execution = replace(
            SOUND,
            fills=fills,
            equity=np.array([10_000, -100 + 101 * 110, -100 + 101 * 120.0]),
            cash=-100.0,
            quantity=101.0,
        )

        with pytest.raises(InvariantViolated, match="it spends more than the cash"):
            run(execution, ask([1, 1, 1], costs=CostModel(fee_rate=0)))

    def test_a_short_position_needs_a_margin_account(self) -> None:
        fills = np.array([(HOUR_NS, -1, 100.0, 10.0, 0.0, 0, 0)], FILL_DTYPE)
        execution = replace(
            SOUND,
            fills=fills,
            equity=np.array([10_000, 9_900, 9_800.0]),
            cash=11_000.0,
            quantity=-10.0,
        )
        free = CostModel(fee_rate=0)

        with pytest.raises(InvariantViolated, match="it goes short on a cash account"):
            run(execution, ask([0, 0, 0], costs=free))

        margin = ask([0, -0.1, 0], costs=free, account=AccountType.MARGIN)
        assert run(execution, margin).quantity == -10


class TestRuin:
    def test_cuts_the_facts_after_the_first_close_at_or_below_zero(self) -> None:
        bars = market([100, 100, 200, 50, 50], [100, 100, 200, 50, 50])
        fills = np.array(
            [(1 * HOUR_NS, -1, 100.0, 100.0, 0, 0, 0), (3 * HOUR_NS, 1, 50.0, 100.0, 0, 0, 0)],
            FILL_DTYPE,
        )
        execution = Execution(
            fills=fills,
            equity=np.array([10_000, 10_000, 0, 15_000, 15_000.0]),
            cash=15_000.0,
            quantity=0.0,
            skipped_ns=np.array([2, 4]) * HOUR_NS,
        )
        request = ask([-1, 0, 0, 0, 0], costs=CostModel(fee_rate=0), account=AccountType.MARGIN)

        result = run(execution, request, bars)

        assert result.ruined
        assert result.equity.tolist() == [10_000, 10_000, 0]
        assert result.fills.tolist() == fills[:1].tolist()
        assert (result.cash, result.quantity, result.skipped_orders) == (20_000, -100, 1)
