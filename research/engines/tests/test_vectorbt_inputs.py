"""Tasks in vectorbt's words."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from common.domain.costs import AccountType, Rebalance, Sizing
from research.domain.backtest import Market
from research.engines.base import Task
from research.engines.exceptions import UnsupportedFeature
from research.engines.tests.scripted import ask, market
from research.engines.vectorbt.inputs import LotScale, build_inputs, check_lot

NAN = float("nan")


def task(targets: list[float], bars: Market, **settings: Any) -> Task:
    return Task(request=ask(targets, **settings), market=bars, targets=np.array(targets))


class TestLotScale:
    @pytest.mark.parametrize(
        ("lot", "amount", "lots"),
        [("0.1", 0.3, 3.0), ("0.001", 70.0, 70_000.0), ("10", 30.0, 3.0), ("1e-8", 1e4, 1e12)],
    )
    def test_goes_there_and_back_without_binary_dust(
        self, lot: str, amount: float, lots: float
    ) -> None:
        scale = LotScale(Decimal(lot))

        assert scale.to_lots(amount) == lots
        assert scale.from_lots(np.array([lots])).tolist() == [amount]


class TestBuildInputs:
    bars = market([10, 11, 12, 13], [20, 21, 22, 23], lot="0.1", min_notional="420")

    def test_shifts_decisions_to_the_next_bar_and_values_them_at_the_close_before(self) -> None:
        inputs = build_inputs(task([0.5, 0.5, 0, 1], self.bars))

        np.testing.assert_equal(inputs.size, [NAN, 0.5, NAN, 0])
        assert inputs.val_price.tolist() == [20, 20, 21, 22]
        assert inputs.price.tolist() == [10, 11, 12, 13]
        assert inputs.ordered.tolist() == [False, True, False, True]

    def test_divides_money_by_the_lot_and_leaves_prices(self) -> None:
        inputs = build_inputs(task([1, 1, 1, 1], self.bars, cash=500.0))

        assert inputs.init_cash == 5_000
        assert inputs.close.tolist() == [20, 21, 22, 23]

    def test_exempts_the_closing_order_from_the_minimum(self) -> None:
        # 420 / 21 = 20 is 200 lots of 0.1, and half a lot less keeps clear of both sides.
        inputs = build_inputs(task([0.5, 1, 0, 1], self.bars))

        assert inputs.min_size[2] == pytest.approx(199.5, abs=1e-6)
        assert inputs.min_size[3] == 0

    @pytest.mark.parametrize(
        ("sizing", "size_type", "size"),
        [
            ("equity_fraction", "targetpercent", 0.5),
            ("fixed_notional=1000", "targetvalue", 5_000.0),
            ("fixed_quantity=0.58", "targetamount", 2.9),
        ],
    )
    def test_sizes_in_lots(self, sizing: str, size_type: str, size: float) -> None:
        inputs = build_inputs(task([0.5] * 4, self.bars, sizing=Sizing.parse(sizing)))

        assert inputs.size_type == size_type
        assert inputs.size[1] == pytest.approx(size, rel=1e-15)

    def test_takes_a_quantity_of_whole_lots_as_whole(self) -> None:
        bars = market([10, 10], lot="0.01")
        assert 0.29 * 100 < 29

        inputs = build_inputs(task([1, 1], bars, sizing=Sizing.parse("fixed_quantity=0.29")))

        assert inputs.size[1] == 29

    def test_can_go_short_on_margin_only(self) -> None:
        margin = build_inputs(task([0.5] * 4, self.bars, account=AccountType.MARGIN))

        assert margin.direction == "both"
        assert build_inputs(task([0.5] * 4, self.bars)).direction == "longonly"


class TestCheckLot:
    def test_refuses_every_bar_where_a_lot_is_worth_next_to_nothing(self) -> None:
        asked = task([1, 1], market([100, 50]), rebalance=Rebalance.EVERY_BAR)

        with pytest.raises(UnsupportedFeature, match=r"worth 0\.01 or more.* is worth 5e-07"):
            check_lot(asked)

    def test_admits_a_lot_of_a_millionth_of_the_cash(self) -> None:
        bars = market([100, 50], lot="0.0002")

        check_lot(task([1, 1], bars, rebalance=Rebalance.EVERY_BAR))
        check_lot(task([1, 1], market([100, 50])))
