"""Histories drawn from the days of a run."""

import numpy as np
import pytest

from common.domain.bars import Floats
from research.examination.bootstrap import TOOL, BootstrapOptions
from research.examination.facts import RunFacts
from research.examination.tests.making import market, run_facts
from research.validation.resampling import Scheme


def held_through(daily: Floats) -> RunFacts:
    closes = 100.0 * np.cumprod(1.0 + np.concatenate([[0.0], daily]))
    return run_facts(market(closes), np.ones(len(closes)), cash=100.0)


def test_days_that_are_all_alike_have_one_history() -> None:
    options = BootstrapOptions(n_paths=20, block=100, scheme=Scheme.CIRCULAR)

    found = TOOL.find(held_through(np.full(99, 0.01)), options, 1)

    # One block of all days, however it is turned: 99 days of one percent and a first of none.
    assert found.numbers["return_p05"] == pytest.approx(1.01**99 - 1)
    assert found.numbers["return_p95"] == pytest.approx(1.01**99 - 1)
    assert (found.numbers["drawdown_p95"], found.numbers["share_losing"]) == (0.0, 0.0)
    assert found.passed is True


def test_an_edge_passes_and_noise_does_not() -> None:
    draws = np.random.default_rng(5).normal(0.0, 0.01, 500)
    options = BootstrapOptions(n_paths=300)

    edge = TOOL.find(held_through(draws + 0.002), options, 1)
    noise = TOOL.find(held_through(draws - draws.mean()), options, 1)

    assert (edge.passed, noise.passed) == (True, False)
    assert edge.numbers["share_losing"] < 0.05 < noise.numbers["share_losing"]
    assert noise.sentence.startswith("The 5% quantile of the bootstrapped return is -")


def test_equal_seeds_find_the_same() -> None:
    facts = held_through(np.random.default_rng(2).normal(0.0, 0.01, 60))
    options = BootstrapOptions(n_paths=20)

    assert TOOL.find(facts, options, 1).numbers == TOOL.find(facts, options, 1).numbers
    assert TOOL.find(facts, options, 1).numbers != TOOL.find(facts, options, 2).numbers


def test_too_few_days_do_not_pass() -> None:
    found = TOOL.find(held_through(np.full(9, 0.01)), BootstrapOptions(), 1)

    assert found.passed is False
    assert found.undefined["return_p05"] == "the number of values is 10, at least 16 needed"


def test_a_run_that_never_traded_has_no_sharpe_ratio() -> None:
    facts = run_facts(market(np.linspace(100, 120, 40)), np.zeros(40))

    found = TOOL.find(facts, BootstrapOptions(n_paths=10), 1)

    assert found.numbers["return_median"] == 0.0
    assert found.undefined["sharpe_median"].startswith("the returns do not vary")
    assert found.passed is False
