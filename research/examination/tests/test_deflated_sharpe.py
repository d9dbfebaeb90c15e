"""A Sharpe ratio against its own error and the number of trials."""

from math import sqrt

import numpy as np
import pytest

from research.examination.deflated_sharpe import TOOL, DeflationOptions, deflate
from research.examination.facts import TrialFacts
from research.examination.tests.making import market, run_facts
from research.validation.gates import Undefined

# Mean 0.005, every deviation 0.015, so the deviation with ddof 1 is 0.015 * sqrt(100 / 99).
DAYS = np.tile([0.02, -0.01], 50)
DAILY = 1 / 3 * sqrt(99 / 100)


def test_the_ratio_and_its_error_are_those_of_the_formula() -> None:
    # Skewness 0 and kurtosis 1, so the factor of the error is 1.
    found = deflate(DAYS, TrialFacts(count=1, sharpes=np.array([DAILY])), DeflationOptions())

    assert found.numbers["sharpe"] == pytest.approx(DAILY * sqrt(365))
    assert (found.numbers["days"], found.numbers["n_trials"]) == (100, 1)
    # The square of 1.6449 over the ratio, and one day more.
    needed = 1 + (1.6448536269514722 / DAILY) ** 2
    assert found.numbers["track_record_days"] == pytest.approx(needed)
    # Z(SR * sqrt(99)) = Z(3.3).
    assert found.numbers["psr"] == pytest.approx(0.99951657, abs=1e-8)


def test_a_single_trial_says_nothing_of_how_trials_vary_and_does_not_pass() -> None:
    found = deflate(DAYS, TrialFacts(count=1, sharpes=np.array([DAILY])), DeflationOptions())

    assert found.passed is False
    assert isinstance(found.values["dsr"], Undefined)
    assert "unknown" in found.undefined["dsr"]


def test_trials_deflate_what_a_few_of_them_would_not() -> None:
    trials = TrialFacts(count=3, sharpes=np.array([0.1, 0.2, 0.3]))

    few = deflate(DAYS, trials, DeflationOptions())
    many = deflate(DAYS, trials, DeflationOptions(prior_trials=100_000))

    assert (few.passed, many.passed) == (True, False)
    assert many.numbers["n_trials"] == 100_003
    assert few.numbers["trial_deviation"] == pytest.approx(0.1 * sqrt(365))
    assert few.numbers["luck"] < many.numbers["luck"]
    assert few.figures["trials"]["series"]["deflated Sharpe"][0] > 0.95


def test_noise_is_rejected_through_the_tool() -> None:
    moves = np.random.default_rng(4).normal(0.0, 0.02, 400)
    closes = 100.0 * np.exp(np.cumsum(moves))
    trials = TrialFacts(count=50, sharpes=np.random.default_rng(1).normal(0.0, 0.05, 50))
    facts = run_facts(market(closes), np.ones(400), cash=1_000.0, trials=trials)

    found = TOOL.find(facts, DeflationOptions(), 0)

    assert found.passed is False
    assert found.numbers["dsr"] < 0.5


def test_a_run_that_never_traded_has_none() -> None:
    found = deflate(np.zeros(30), TrialFacts(count=4, sharpes=np.zeros(4)), DeflationOptions())

    assert (found.passed, found.numbers["days"], found.numbers["n_trials"]) == (False, 30, 4)
    assert "do not vary" in found.undefined["sharpe"]
