"""Fills on recorded events: any time of the period, prices on the tick, fees by liquidity."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import CostModel
from common.domain.events import EventFiles
from common.domain.fills import FILL_DTYPE, Fills
from research.domain.backtest import Market, NativeRequest
from research.engines.exceptions import InvariantViolated
from research.engines.invariants import check_fills, check_native_fills
from research.engines.tests.scripted import HOUR_NS, ask, market

BARS = market([100, 100], [101, 100])
# Two hours from 0; the tick is 0.1, the fee a hundredth for takers and half of it for makers.
REPLAYED = replace(
    BARS,
    events=EventFiles(
        (Path("tape.npz"),), Decimal("0.1"), Decimal("0.01"), 0, 2 * HOUR_NS, "hash"
    ),
)
COSTS = CostModel(fee_rate=0.01, maker_fee_rate=0.005)


def fill(**changes: Any) -> Fills:
    """Return one taker's fill of 2 at 100.3 half an hour after the start, but for the changes."""
    values = {
        "ts_ns": HOUR_NS // 2, "side": 1, "price": 100.3, "quantity": 2.0, "fee": 2.006,
        "liquidity": 0, "reason": 0,
    }  # fmt: skip
    return np.array([tuple({**values, **changes}.values())], FILL_DTYPE)


def check(fills: Fills, bars: Market = REPLAYED) -> None:
    check_fills(fills=fills, request=ask([0, 0], costs=COSTS), market=bars)


class TestOnEvents:
    @pytest.mark.parametrize("ts_ns", [0, 1, 2 * HOUR_NS - 1])
    def test_may_come_at_any_time_of_the_period(self, ts_ns: int) -> None:
        check(fill(ts_ns=ts_ns))

    @pytest.mark.parametrize("ts_ns", [-1, 2 * HOUR_NS])
    def test_outside_the_period_are_refused(self, ts_ns: int) -> None:
        with pytest.raises(InvariantViolated, match="it is outside the period"):
            check(fill(ts_ns=ts_ns))

    @pytest.mark.parametrize("price", [100.35, 100.3 + 1e-6])
    def test_off_the_tick_are_refused(self, price: float) -> None:
        with pytest.raises(InvariantViolated, match="price is not on the tick"):
            check(fill(price=price, fee=0.02 * price))

    def test_on_the_tick_may_carry_the_noise_of_floats(self) -> None:
        assert 3 * 0.1 != 0.3
        price = 1_003 * 0.1

        check(fill(price=price, fee=0.02 * price))

    def test_pay_the_fee_of_their_liquidity(self) -> None:
        check(fill(liquidity=1, fee=1.003))

        with pytest.raises(InvariantViolated, match="fee is not rate times notional"):
            check(fill(liquidity=1, fee=2.006))

    def test_would_not_do_on_bars(self) -> None:
        with pytest.raises(InvariantViolated, match="no stored bar of the period"):
            check(fill(), BARS)


class TestOfOwnStrategies:
    def native(self, fills: Fills) -> None:
        request = NativeRequest(path=Path("own.py"), class_name="Own", costs=COSTS)
        check_native_fills(fills=fills, request=request, market=BARS)

    def test_may_have_any_price_on_bars(self) -> None:
        self.native(fill(price=77.77, fee=0.02 * 77.77))

    def test_stay_in_the_period_and_pay_their_fees(self) -> None:
        with pytest.raises(InvariantViolated, match="it is outside the period"):
            self.native(fill(ts_ns=2 * HOUR_NS))
        with pytest.raises(InvariantViolated, match="fee is not rate times notional"):
            self.native(fill(fee=0.0))
