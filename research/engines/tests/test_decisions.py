"""Which targets make an order, and which answers of a strategy are refused."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.costs import AccountType, Rebalance
from research.domain.backtest import BacktestRequest
from research.engines.decisions import find_decisions, read_targets
from research.engines.exceptions import InvalidTargets
from research.engines.tests.scripted import Scripted, ask, market
from trading.strategies.library.quote_both_sides import QuoteBothSides

NAN = float("nan")


class TestFindDecisions:
    def test_orders_only_where_the_target_differs_from_the_last_one_read(self) -> None:
        targets = np.array([NAN, 0, 0.5, 0.5, NAN, 0.5, -1, NAN, 0, 0])

        found = find_decisions(targets, Rebalance.ON_CHANGE)

        assert np.flatnonzero(found).tolist() == [2, 6, 8]

    def test_starts_from_a_target_of_zero(self) -> None:
        assert find_decisions(np.array([0.0, 0.0]), Rebalance.ON_CHANGE).tolist() == [False, False]
        assert find_decisions(np.array([1.0, 1.0]), Rebalance.ON_CHANGE).tolist() == [True, False]

    def test_orders_at_every_target_where_it_rebalances_at_every_bar(self) -> None:
        targets = np.array([NAN, 0.5, 0.5, NAN, 0.0])

        found = find_decisions(targets, Rebalance.EVERY_BAR)

        assert np.flatnonzero(found).tolist() == [1, 2, 4]

    def test_finds_nothing_where_every_target_keeps(self) -> None:
        assert not find_decisions(np.full(3, NAN), Rebalance.ON_CHANGE).any()


class TestReadTargets:
    def test_cuts_the_answer_to_the_period(self) -> None:
        targets = read_targets(ask([0.1, 0.2, 0.3]), market([1, 1, 1], first=1))

        assert targets is not None
        assert targets.tolist() == [0.2, 0.3]

    def test_does_not_judge_targets_of_the_warm_up(self) -> None:
        targets = read_targets(ask([7.0, 0.2]), market([1, 1], first=1))

        assert targets is not None
        assert targets.tolist() == [0.2]

    @pytest.mark.parametrize("value", [1.0000001, -1.0000001, float("inf"), -float("inf")])
    def test_refuses_a_target_outside_the_range_and_names_it(self, value: float) -> None:
        request = ask([0.0, NAN, value], account=AccountType.MARGIN)

        with pytest.raises(InvalidTargets) as error:
            read_targets(request, market([1, 1, 1]))

        assert error.value.detail == (
            f"target of scripted at bar 2, 1970-01-01T02:00:00Z, is {value},"
            " must be in [-1, 1] on a margin account"
        )
        assert error.value.extra == {
            "strategy": "scripted",
            "row": 2,
            "time": "1970-01-01T02:00:00Z",
            "value": repr(value),
        }

    def test_refuses_a_negative_target_on_a_cash_account(self) -> None:
        with pytest.raises(InvalidTargets, match=r"is -0\.5, must be in \[0, 1\] on a cash"):
            read_targets(ask([-0.5]), market([1]))

    @pytest.mark.parametrize("script", [np.zeros(2), np.zeros((3, 1)), np.zeros(3, np.float32)])
    def test_refuses_another_shape_or_type(self, script: NDArray[Any]) -> None:
        request = BacktestRequest(strategy=Scripted(script), params={})

        with pytest.raises(InvalidTargets, match=r"must be float64 and \(3,\)"):
            read_targets(request, market([1, 1, 1]))

    @pytest.mark.parametrize(
        ("answer", "kind"), [([0.0, 0.0], "list"), (None, "NoneType"), (0.5, "float")]
    )
    def test_refuses_an_answer_that_is_no_array(self, answer: Any, kind: str) -> None:
        request = BacktestRequest(strategy=Scripted(answer), params={})

        with pytest.raises(InvalidTargets) as error:
            read_targets(request, market([1, 1]))

        assert error.value.detail == f"targets of scripted are of type {kind}, must be an array"
        assert error.value.extra == {"strategy": "scripted"}

    def test_asks_a_quoting_strategy_for_none(self) -> None:
        request = BacktestRequest(strategy=QuoteBothSides(), params={})

        assert read_targets(request, market([1, 1])) is None
