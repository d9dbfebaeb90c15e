"""Fees shared and fills ordered, whatever order of chance the library lists them in."""

import importlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.costs import CostModel
from common.domain.events import EventFiles
from research.engines.hftbacktest.outputs import read_ledger
from research.engines.tests.scripted import ask

pytestmark = [pytest.mark.engine("hftbacktest"), pytest.mark.timeout(120)]

EVENTS = EventFiles((Path("none"),), Decimal("0.5"), Decimal("0.1"), 0, 1, "0" * 64)
REQUEST = ask([0, 0], costs=CostModel(fee_rate=0.01, maker_fee_rate=-0.001))

# One step of three fills: 2 bought at 100 as taker for 2, 1 sold at 101 and 1 at 102 as maker
# for rebates of 0.101 and 0.102: 2 - 0.203 = 1.797. Balance -200 + 203.
FILLS = [(5, 1, 200, 2.0, 0), (5, -1, 202, 1.0, 1), (5, -1, 204, 1.0, 1)]
DUE = [-0.001 * 102, -0.001 * 101, 2.0]
ACCOUNT = (0.0, 3.0, 1.797, 3)


def rows(order: tuple[int, ...], fee: float = 1.797) -> Any:
    dtype = importlib.import_module("research.engines.hftbacktest.desk").ROW_DTYPE
    position, balance, _, trades = ACCOUNT
    return np.array([(*FILLS[at], 0, position, balance, fee, trades) for at in order], dtype)


class TestReadLedger:
    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    def test_is_the_same_in_whatever_order_fills_are_listed(self, order: tuple[int, ...]) -> None:
        ledger = read_ledger(rows(order), EVENTS, REQUEST)

        # Sales first, from the best price down.
        assert ledger.fills["price"].tolist() == [102, 101, 100]
        assert ledger.fills["fee"].tolist() == DUE
        assert (ledger.cash[-1], ledger.quantity[-1]) == (10_000 + 3 - 1.797, 0)

    def test_shares_a_fee_that_is_not_due_by_what_is(self) -> None:
        # 2.203 are weighed; what is charged beside the rates shows in each.
        ledger = read_ledger(rows((0, 1, 2), fee=4.406), EVENTS, REQUEST)

        np.testing.assert_allclose(ledger.fills["fee"], [0.204, 0.202, 4], rtol=1e-12)

    def test_keeps_a_fee_where_none_is_due(self) -> None:
        free = replace(REQUEST, costs=CostModel(fee_rate=0, maker_fee_rate=0))

        ledger = read_ledger(rows((0, 1, 2), fee=3.0), EVENTS, free)

        assert ledger.fills["fee"].tolist() == [1, 1, 1]

    def test_takes_the_rounding_of_a_running_sum_for_nothing_more(self) -> None:
        ledger = read_ledger(rows((0, 1, 2), fee=1.797 + 4e-16), EVENTS, REQUEST)

        assert ledger.fills["fee"].tolist() == DUE

    def test_of_nothing_is_empty(self) -> None:
        ledger = read_ledger(rows(()), EVENTS, REQUEST)

        assert len(ledger.fills) == len(ledger.cash) == len(ledger.quantity) == 0
