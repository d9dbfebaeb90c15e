"""Lots on vectorbt: all of them whole, and no cash lost where they are worth next to nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import AccountType, CostModel
from research.domain.backtest import Market
from research.engines.base import Task
from research.engines.tests.canonical import compare, execute
from research.engines.tests.scripted import ask, market
from research.engines.tests.test_against_canonical import SHORT, Case, differences, expect, pose
from research.engines.vectorbt.engine import VectorbtEngine
from research.engines.vectorbt.inputs import Inputs, allow_fractions, build_inputs
from research.engines.vectorbt.outputs import cash_lost, share_lost
from research.engines.vectorbt.runner import Records, simulate

pytestmark = pytest.mark.engine("vectorbt")

FREE = CostModel(fee_rate=0.0)


def walk(count: int) -> Market:
    """Return bars around 100, whose default lot is worth 1e-9 of a cash of 1,000."""
    chance = np.random.default_rng(11)
    closes = 100 * np.exp(0.01 * np.sin(np.arange(count) / 50) + chance.normal(0, 0.001, count))
    return market(np.concatenate([[100.0], closes[:-1]]), closes)


def alternating(count: int) -> list[float]:
    return [float(row % 2) for row in range(count)]


def inputs_for(count: int) -> Inputs:
    request = ask(alternating(count), cash=1_000.0, costs=FREE)
    return build_inputs(
        Task(request=request, market=walk(count), targets=np.array(alternating(count)))
    )


def records(**columns: list[float]) -> Records:
    """Return records of bought lots at a price of 1, with these columns beside."""
    count = len(columns["cash_before"])
    filled = {name: np.ones(count) for name in ("side", "price", "val_price")}
    empty = {name: np.zeros(count) for name in ("position", "position_after", "requested", "fee")}
    given = {name: np.array(values) for name, values in columns.items()}
    return Records(
        row=np.arange(count),
        is_filled=np.ones(count, np.bool_),
        is_below_minimum=np.zeros(count, np.bool_),
        **(filled | empty | given),
    )


class TestCashLost:
    def test_is_what_a_fill_should_have_left(self) -> None:
        # 1,000 less 999.5 leaves 0.5; 200 less 201 is overspent by 1; 50 less 20 is 30.
        log = records(
            cash_before=[1_000.0, 200.0, 50.0],
            size=[999.5, 201.0, 20.0],
            cash_after=[0.0, 0.0, 30.0],
            value=[1_000.0, 200.0, 50.0],
        )

        assert cash_lost(log).tolist() == [0.5, -1.0, 0.0]
        # 0.5 of 1,000, then -0.5 of 200, then still -0.5 of 50.
        assert share_lost(log) == 0.01

    def test_of_many_buys_with_all_cash_is_seen(self) -> None:
        inputs = inputs_for(4_000)
        fractions = allow_fractions(inputs, np.ones(4_000, np.bool_))

        assert share_lost(simulate(inputs)) > 1e-7
        assert share_lost(simulate(fractions)) == 0

    def test_is_kept_out_of_the_result(self) -> None:
        count = 4_000
        bars, request = walk(count), ask(alternating(count), cash=1_000.0, costs=FREE)
        expected = execute(request, bars, np.array(alternating(count)))

        result = VectorbtEngine().run(request, bars)

        assert len(result.fills) == count - 2
        assert compare(fills=result.fills, expected=expected, market=bars, cash=1_000.0) == []
        assert result.equity[-1] == pytest.approx(expected.equity[-1], rel=1e-8)

    def test_is_nothing_without_fills(self) -> None:
        task = Task(request=ask([0, 0]), market=market([1, 1]), targets=np.zeros(2))

        assert share_lost(simulate(build_inputs(task))) == 0


class TestAllowFractions:
    def test_lets_go_of_whole_lots_there_and_where_a_position_is_closed(self) -> None:
        # Targets of 1 are due at bars 2 and 4, those of 0 at bars 3 and 5.
        inputs = allow_fractions(inputs_for(6), np.arange(6) == 2)

        whole = ~np.isnan(inputs.size_granularity)
        assert whole.tolist() == [True, True, False, False, True, False]
        assert inputs.min_size[[2, 3, 4]].tolist() == [1, 0, 0]


LOSING = [
    Case("minutes", "donchian", {"costs": CostModel(fee_rate=0.005)}),
    Case("minutes", "donchian", {"costs": CostModel(slippage=0.0025)}),
    Case("minutes", "sma", {"costs": CostModel(slippage=0.005)}),
    Case("minutes", "sma", {"costs": CostModel(slippage=0.005), "cash": 100_000.0}),
    Case("minutes", "donchian", {"costs": CostModel(fee_rate=0.0), "cash": 1_000_000.0}),
    Case("hours", "sma", {"cash": 100_000.0}),
    Case("minutes with holes", "donchian", {"costs": CostModel(fee_rate=0.005)}),
    Case("minutes with holes", "sma short", {**SHORT, "costs": CostModel(slippage=0.001)}),
    Case("hours with holes", "sma short", {**SHORT, "costs": CostModel(fee_rate=0.005)}),
]


class TestAtTheFinestLot:
    """Accounts that lose nearly all, or have so much that a lot of 1e-8 is nothing to them."""

    @pytest.mark.parametrize("case", LOSING, ids=str)
    def test_every_fill_is_the_canonical_one(self, case: Case, sample_data: Path) -> None:
        request, bars = pose(case, "1e-8", sample_data)
        expected = expect(case, "1e-8", sample_data)

        result = VectorbtEngine().run(request, bars)

        assert differences(result, expected, request, bars) == []
        np.testing.assert_allclose(result.equity, expected.equity, rtol=1e-7)


class TestWholeLots:
    @pytest.mark.parametrize("lot", ["1e-8", "0.001", "0.05", "1"])
    def test_are_all_that_is_held(self, lot: str) -> None:
        bars = replace(walk(300), instrument=market([1], lot=lot).instrument)
        chance = np.random.default_rng(3)
        targets = chance.choice([-1, -0.3, 0, 0.7, 1], 300)
        settings: dict[str, Any] = {"cash": 9_000.0, "account": AccountType.MARGIN}

        result = VectorbtEngine().run(ask(targets, **settings), bars)

        lots = result.fills["quantity"] / float(lot)
        assert len(lots) > 200
        assert np.abs(lots - np.rint(lots)).max() < 1e-4

    def test_fills_of_nothing_are_left_out(self) -> None:
        # Cash pays for no lot of 1 at 20,000, so the buy is cut to nothing.
        bars = market([9_000, 20_000, 20_000], lot="1")

        result = VectorbtEngine().run(ask([1, 1, 1]), bars)

        assert len(result.fills) == 0
        assert result.skipped_orders == 0
