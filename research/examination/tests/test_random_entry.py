"""Entries that know something, and entries that do not."""

import numpy as np
import pytest

from common.domain.enums import FillReason
from research.examination.facts import RunFacts
from research.examination.random_entry import TOOL, Draw, EntryOptions, exposures, market_returns
from research.examination.tests.making import market, run_facts
from research.validation.gates import Undefined

MOVES = np.random.default_rng(11).normal(0.0, 0.02, 400)
CLOSES = 100.0 * np.cumprod(1.0 + MOVES)


def knowing() -> RunFacts:
    """Hold on the days that rise, one in ten of them."""
    held = (MOVES > 0.0) & (np.arange(400) % 10 == 0)
    return run_facts(market(CLOSES), held.astype(float), cash=1_000.0)


def guessing() -> RunFacts:
    held = np.arange(400) % 10 == 3
    return run_facts(market(CLOSES), held.astype(float), cash=1_000.0)


@pytest.mark.parametrize("draw", Draw)
def test_entries_that_know_the_market_are_told_from_those_that_guess(draw: Draw) -> None:
    options = EntryOptions(n_draws=300, draw=draw)

    assert TOOL.find(knowing(), options, 1).numbers["p_value"] < 0.01
    assert TOOL.find(guessing(), options, 1).numbers["p_value"] > 0.1


def test_a_market_that_only_rises_gives_chance_as_much() -> None:
    closes = 100.0 * 1.001 ** np.arange(200)
    held = np.zeros(200)
    held[20:60] = held[100:140] = 1.0

    found = TOOL.find(run_facts(market(closes), held), EntryOptions(n_draws=200), 1)

    # Every bar gives a tenth of a percent, wherever the positions lie.
    assert found.numbers["observed"] > 0.0
    assert found.numbers["chance_median"] == pytest.approx(found.numbers["observed"])
    assert found.passed is None


def test_exposure_and_returns_lie_on_the_same_bars() -> None:
    # Bought 2 at the open of bar 1 (100), held while it rises to 110.
    facts = run_facts(market([100.0, 110.0, 99.0]), [0.0, 2.0, 0.0], cash=1_000.0)

    assert exposures(facts).tolist() == pytest.approx([0.0, 0.2, 0.0])
    assert market_returns(facts).tolist() == pytest.approx([0.0, 0.1, -0.1])


def test_a_short_position_gathers_what_the_market_loses() -> None:
    # Sold 2 at the open of bar 1 (100), bought back at the open of bar 2 (90).
    facts = run_facts(market([100.0, 90.0, 99.0]), [0.0, -2.0, 0.0], cash=1_000.0)

    assert exposures(facts).tolist() == pytest.approx([0.0, -0.2, 0.0])
    found = TOOL.find(facts, EntryOptions(n_draws=50), 1)
    assert found.numbers["observed"] == pytest.approx(0.02)
    # Elsewhere it gathers nothing, or loses a tenth of a fifth.
    assert found.numbers["p_value"] < 0.6


def test_a_bar_that_a_stop_ended_was_held() -> None:
    facts = run_facts(market([100.0, 110.0, 99.0, 99.0]), [0.0, 2.0, 0.0, 0.0])
    facts.fills["reason"][1] = FillReason.STOP_LOSS.value

    assert facts.held.tolist() == [0.0, 2.0, 2.0, 0.0]


def test_a_position_that_is_always_held_could_be_nowhere_else() -> None:
    found = TOOL.find(run_facts(market(CLOSES), np.ones(400)), EntryOptions(), 1)

    assert isinstance(found.values["p_value"], Undefined)
    assert "all 400 bars have a position" in found.sentence


def test_equal_seeds_find_the_same() -> None:
    options = EntryOptions(n_draws=50)

    assert TOOL.find(knowing(), options, 1).numbers == TOOL.find(knowing(), options, 1).numbers
