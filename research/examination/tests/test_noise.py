"""What tools that judge or compare with chance say of a hundred strategies worth nothing."""

import numpy as np

from research.examination import bootstrap, deflated_sharpe, random_entry
from research.examination.facts import RunFacts, TrialFacts
from research.examination.tests.making import market, run_facts

RUNS, DAYS = 100, 250


def worthless(seed: int) -> RunFacts:
    """Hold a fixed number of coins on stretches that were drawn without looking."""
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0, 0.02, DAYS)
    closes = 100.0 * np.cumprod(1.0 + np.concatenate([[0.0], returns[1:]]))
    held = np.repeat(rng.integers(0, 2, DAYS // 5), 5).astype(np.float64)
    trials = TrialFacts(count=RUNS, sharpes=rng.normal(0.0, 1 / np.sqrt(DAYS), RUNS))
    return run_facts(market(closes), held, cash=1_000.0, trials=trials)


FACTS = [worthless(seed) for seed in range(RUNS)]


def test_random_entries_are_significant_as_seldom_as_they_say() -> None:
    options = random_entry.EntryOptions(n_draws=99)
    found = [random_entry.TOOL.find(facts, options, 1).numbers["p_value"] for facts in FACTS]

    # One in twenty by definition, give or take two deviations of 2.2; and nowhere crowded.
    assert sum(p <= 0.05 for p in found) <= 10
    assert 0.4 < np.mean(found) < 0.6


def test_the_bootstrap_passes_few() -> None:
    options = bootstrap.BootstrapOptions(n_paths=100)
    found = [bootstrap.TOOL.find(facts, options, 1).passed for facts in FACTS]

    assert sum(map(bool, found)) <= 12


def test_the_deflated_sharpe_ratio_passes_next_to_none() -> None:
    options = deflated_sharpe.DeflationOptions()
    found = [deflated_sharpe.TOOL.find(facts, options, 1).passed for facts in FACTS]

    assert sum(map(bool, found)) <= 1
