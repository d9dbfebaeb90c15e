"""A gain that costs eat, an edge that lives on one bar, and what survives both."""

from pathlib import Path

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.domain.costs import CostModel
from research.domain.backtest import NativeRequest
from research.engines.exceptions import UnsupportedFeature
from research.engines.tests.scripted import Scripted
from research.examination.facts import Asked
from research.examination.stress import TOOL, StressOptions
from research.examination.tests.making import asked, market, noise

pytestmark = [pytest.mark.engine("vectorbt")]


def question(bars: Bars, targets: Floats, *, fee: float = 0.001, slippage: float = 0.0) -> Asked:
    costs = CostModel(fee_rate=fee, maker_fee_rate=fee, slippage=slippage)
    return asked(Scripted(targets), bars, costs=costs)


def test_returns_are_those_of_one_round_trip_at_each_cost() -> None:
    # Bought at the open of 100 and sold at the open of 110.
    bars = market([100.0, 110.0, 110.0, 110.0])
    found = TOOL.find(question(bars, np.array([1.0, 0.0, 0.0, 0.0]), fee=0.02), StressOptions(), 0)

    # All of cash buys at 1 + fee what is sold at 1 - fee.
    for key, fee in (("free_return", 0.0), ("asked_return", 0.02), ("doubled_return", 0.04)):
        assert found.numbers[key] == pytest.approx(1.1 * (1 - fee) / (1 + fee) - 1, rel=1e-6)
    # Nothing is left where (1 - fee) / (1 + fee) is 1 / 1.1, at 1 / 21: 2.381 times the fee.
    assert found.numbers["edge"] == pytest.approx(100 / 42, abs=1e-4)
    assert found.numbers["edge_bps"] == pytest.approx(10_000 / 21, rel=1e-4)
    assert found.figures["curve"]["x"] == ["0x", "1x", "2x", "3x"]


def test_a_gain_that_doubled_costs_eat_does_not_pass() -> None:
    bars = market([100.0, 110.0, 110.0, 110.0])
    found = TOOL.find(question(bars, np.array([1.0, 0.0, 0.0, 0.0]), fee=0.03), StressOptions(), 0)

    assert found.numbers["asked_return"] > 0.0 > found.numbers["doubled_return"]
    assert found.passed is False
    assert "It breaks even at about 1.59 times its costs" in found.sentence


def test_an_edge_on_one_bar_is_lost_a_bar_late_and_a_trend_is_not() -> None:
    moves = np.random.default_rng(3).normal(0.0, 0.02, 400)
    closes = 100.0 * np.exp(np.cumsum(moves))
    knows = (np.append(moves[1:], 0.0) > 0.0).astype(np.float64)
    peeking = TOOL.find(question(market(closes), knows, fee=0.0001), StressOptions(), 0)
    steady = TOOL.find(
        question(market(noise(400, 4, drift=0.01)), np.ones(400), fee=0.0001), StressOptions(), 0
    )

    assert (peeking.passed, steady.passed) == (False, True)
    assert peeking.numbers["kept"] < 0.3
    assert steady.numbers["kept"] == pytest.approx(1.0, abs=0.05)
    # One order: all that it earns is one fee of nearly everything, which is no cost any more.
    assert steady.undefined["edge"] == "it still earns at 3072 times the costs"


def test_slippage_is_a_cost_like_a_fee() -> None:
    bars = market([100.0, 110.0, 110.0, 110.0])
    targets = np.array([1.0, 0.0, 0.0, 0.0])

    found = TOOL.find(question(bars, targets, fee=0.0, slippage=0.02), StressOptions(), 0)

    assert found.numbers["doubled_return"] == pytest.approx(1.1 * 0.96 / 1.04 - 1, rel=1e-6)


def test_the_cost_that_breaks_even_is_fee_and_slippage_together() -> None:
    bars = market([100.0, 110.0, 110.0, 110.0])
    targets = np.array([1.0, 0.0, 0.0, 0.0])

    found = TOOL.find(question(bars, targets, fee=0.02, slippage=0.01), StressOptions(), 0)

    assert found.numbers["edge_bps"] == pytest.approx(300 * found.numbers["edge"])
    # Two hundredths and one, each way: less than a tenth is gone at 1.6 times, more at twice.
    assert 1.5 < found.numbers["edge"] < 1.7


def test_without_costs_there_is_nothing_to_double() -> None:
    found = TOOL.find(question(market(noise(50, 1)), np.ones(50), fee=0.0), StressOptions(), 0)

    assert found.passed is False
    assert "any multiple of nothing" in found.undefined["doubled_return"]


def test_costs_are_not_raised_beyond_everything() -> None:
    options = StressOptions(most=20)
    found = TOOL.find(question(market(noise(50, 1)), np.ones(50), fee=0.06), options, 0)

    assert "would be 50% or more" in found.undefined["edge"]


def test_a_file_is_refused() -> None:
    request = NativeRequest(path=Path("mine.py"), class_name="Mine")
    market_of = question(market(noise(50, 1)), np.ones(50)).market

    with pytest.raises(UnsupportedFeature, match=r"mine\.py is a strategy file of freqtrade"):
        TOOL.find(Asked(request=request, market=market_of, engine="freqtrade"), StressOptions(), 0)
