"""A run's growth by kinds of market and by the calendar."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from common.domain.timeframe import Timeframe
from research.examination.regimes import TOOL, RegimeOptions
from research.examination.tests.making import market, run_facts
from research.validation.gates import Undefined


def test_the_parts_add_up_to_the_growth_of_the_run() -> None:
    closes = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.02, 90)))
    facts = run_facts(market(closes), np.full(90, 5.0))

    found = TOOL.find(facts, RegimeOptions(window_days=10), 0)

    growth = log(facts.equity[-1] / facts.cash)
    assert found.numbers["growth"] == pytest.approx(growth)
    for kind in ("volatility", "trend", "month", "weekday"):
        assert sum(found.figures[f"{kind}_chart"]["series"]["log growth"]) == pytest.approx(growth)
    assert found.passed is None


def test_what_is_earned_on_mondays_alone_is_named() -> None:
    # Doubles on each Monday but the first, and falls by two percent on every other day.
    moves = np.tile([2.0, 0.98, 0.98, 0.98, 0.98, 0.98, 0.98], 8)
    moves[0] = 1.0
    facts = run_facts(market(100.0 * np.cumprod(moves)), np.full(56, 1.0), cash=100.0)

    found = TOOL.find(facts, RegimeOptions(window_days=7), 0)

    assert found.numbers["weekday_best"] == pytest.approx(7 * log(2))
    assert found.numbers["weekday_worst"] == pytest.approx(8 * log(0.98))
    assert "the best weekday was Mon with" in found.sentence


def test_losses_in_wild_markets_are_told_from_gains_in_calm_ones() -> None:
    rng = np.random.default_rng(1)
    moves = [rng.normal(0.004, 0.002, 60), rng.normal(-0.02, 0.05, 60)]
    closes = 100.0 * np.exp(np.cumsum(np.concatenate(moves)))
    facts = run_facts(market(closes), np.full(120, 1.0), cash=100.0)

    found = TOOL.find(facts, RegimeOptions(window_days=10), 0)

    assert found.numbers["volatility_low"] > 0.0 > found.numbers["volatility_high"]


def test_the_first_bar_counts_from_its_open() -> None:
    # The first bar rises from 50 to 100 and nothing moves until the last, which is held.
    still = market([100.0, 100.0, 100.0, 100.0, 110.0])
    opens = still.open.copy()
    opens[0] = 50.0
    bars = replace(still, open=opens, low=np.minimum(opens, still.close))
    facts = run_facts(bars, [0, 0, 0, 0, 1.0], cash=100.0)

    found = TOOL.find(facts, RegimeOptions(window_days=4), 0)

    # The rise is among the four bars before the last one: its gain came after a rise.
    assert found.numbers["trend_up"] == pytest.approx(log(1.1))


def test_hours_are_seen_in_bars_that_are_shorter_than_a_day() -> None:
    closes = np.full(48, 100.0)
    closes[10:] = 110.0
    facts = run_facts(market(closes, timeframe=Timeframe.H1), np.full(48, 1.0), cash=100.0)

    found = TOOL.find(facts, RegimeOptions(window_days=0.25), 0)

    assert found.numbers["hour_best"] == pytest.approx(log(1.1))
    assert "the best hour was 10:00 with +10.0%" in found.sentence
    # A quarter of a day is six bars, of which nothing is known before the first.
    assert found.figures["trend"]["rows"][0][:2] == ["before", 6]


def test_what_the_bars_cannot_show_is_said() -> None:
    facts = run_facts(market(np.linspace(100, 110, 20)), np.ones(20))

    found = TOOL.find(facts, RegimeOptions(), 0)

    assert found.values["hour_best"] == Undefined("bars of 1d do not show hours")
    assert found.values["trend_up"] == Undefined("30 days are 30 bars, the run has 20")
