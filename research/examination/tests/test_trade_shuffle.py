"""The order of round trips, and what it hid."""

import numpy as np
import pytest

from research.examination.tests.making import market, run_facts
from research.examination.trade_shuffle import TOOL, ShuffleOptions, trip_returns
from research.validation.gates import Undefined

# Bought at 100 and sold at 110, bought at 110 and sold at 99: a tenth up, a tenth down.
CLOSES = [100.0, 110.0, 110.0, 99.0, 99.0]
HELD = [0.0, 1.0, 0.0, 1.0, 0.0]


def test_round_trips_are_measured_against_the_equity_before_them() -> None:
    facts = run_facts(market(CLOSES), HELD, cash=100.0)

    assert trip_returns(facts).tolist() == pytest.approx([10 / 100, -11 / 110])


def test_a_round_trip_short_earns_what_the_market_loses() -> None:
    facts = run_facts(market([100.0, 90.0, 90.0]), [0.0, -1.0, 0.0], cash=100.0)

    assert trip_returns(facts).tolist() == pytest.approx([10 / 100])


def alternating(gains_first: bool) -> object:
    """Forty round trips of a gain or a loss of a twentieth, which come to the same."""
    moves = np.repeat([1.05, 1 / 1.05], 20) if gains_first else np.tile([1.05, 1 / 1.05], 20)
    closes, held = [100.0], [0.0]
    for move in moves:
        closes += [closes[-1] * move, closes[-1] * move]
        held += [1.0, 0.0]
    return run_facts(market(closes), held, cash=100.0)


def test_an_order_that_hid_the_drawdown_is_found() -> None:
    found = TOOL.find(alternating(gains_first=False), ShuffleOptions(n_paths=500), 3)

    # Up and down in turn: never more than one loss below the peak.
    assert found.numbers["drawdown"] == pytest.approx(1 - 1 / 1.05)
    assert found.numbers["median"] > 3 * found.numbers["drawdown"]
    assert found.numbers["share_as_deep"] == 1.0
    assert found.passed is None


def test_the_worst_order_is_seldom_met_by_chance() -> None:
    found = TOOL.find(alternating(gains_first=True), ShuffleOptions(n_paths=500), 3)

    assert found.numbers["drawdown"] == pytest.approx(1 - 1.05**-20)
    assert found.numbers["share_as_deep"] < 0.01


def test_equal_seeds_find_the_same() -> None:
    facts, options = alternating(gains_first=False), ShuffleOptions(n_paths=50)

    assert TOOL.find(facts, options, 7).numbers == TOOL.find(facts, options, 7).numbers
    assert TOOL.find(facts, options, 7).numbers != TOOL.find(facts, options, 8).numbers


def test_one_round_trip_has_no_order() -> None:
    found = TOOL.find(run_facts(market(CLOSES), [0, 1, 0, 0, 0]), ShuffleOptions(), 0)

    assert found.numbers["round_trips"] == 1.0
    assert found.values["median"] == Undefined("the number of round trips is 1, at least 2 needed")
