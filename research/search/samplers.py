"""Samplers and pruner as Optuna has them, set up for batches and several workers."""

from collections.abc import Callable, Mapping
from math import log
from typing import Final, override
from warnings import catch_warnings, simplefilter

import numpy as np
from optuna import Study as OptunaStudy
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    NSGAIISampler,
    RandomSampler,
    TPESampler,
)
from optuna.samplers.nsgaii import BLXAlphaCrossover, PolynomialMutation
from optuna.trial import FrozenTrial

from research.search.plan import SearchPlan
from research.search.space import Space

# A median of fewer says little.
_COMPLETE_BEFORE_PRUNING: Final = 10
# Fewer parents leave little to cross.
_LEAST_PARENTS: Final = 20

type Distributions = dict[str, BaseDistribution]


def distributions_of(space: Space) -> Distributions:
    """Return what Optuna draws for each parameter: always the index of a value."""
    return {
        dimension.name: IntDistribution(0, len(dimension.values) - 1)
        if dimension.ordered
        else CategoricalDistribution(range(len(dimension.values)))
        for dimension in space.searched
    }


def sampler_of(plan: SearchPlan, *, chunk: int) -> BaseSampler:
    """Return the sampler for one chunk of a search.

    What it learned is in the history of the study, not in itself: one made anew, in any
    process, asks for the same sets as one that was there from the beginning.

    Parameters
    ----------
    plan
        What the search is to do.
    chunk
        Each draws its own numbers.
    """
    seed = int(np.random.SeedSequence([plan.seed, chunk]).generate_state(1)[0])
    return _SAMPLERS[plan.method](plan, seed)


def pruner_of(plan: SearchPlan) -> BasePruner:
    """Return who decides which sets are given up half-way.

    Notes
    -----
    The median of the sets tried to the end: it depends on nothing that other workers have
    under way nor on the order within a batch, as successive halving does, where the first
    of a batch is compared with nobody and always goes on. It also gives up fewer: how a
    strategy fares on a quarter of the bars says little about the whole. Of several rungs
    a set's best so far is what is compared.
    """
    if not plan.pruning:
        return NopPruner()
    return MedianPruner(n_startup_trials=_COMPLETE_BEFORE_PRUNING)


class _CmaEs(CmaEsSampler):
    """CMA-ES from the first batch on, whose population is at least a batch.

    Optuna's draws evenly until a set was told, and learns from as many sets of a
    generation as the population has: of a larger batch the rest would be wasted.
    """

    def __init__(self, plan: SearchPlan, seed: int) -> None:
        self._own_space = distributions_of(plan.space)
        usual = 4 + int(3 * log(len(self._own_space)))  # Hansen, arXiv:1604.00772, eq. 48
        super().__init__(seed=seed, n_startup_trials=0, popsize=max(plan.batch, usual))

    @override
    def infer_relative_search_space(self, study: OptunaStudy, trial: FrozenTrial) -> Distributions:
        return self._own_space


def _random(_plan: SearchPlan, seed: int) -> BaseSampler:
    return RandomSampler(seed=seed)


def _tpe(_plan: SearchPlan, seed: int) -> BaseSampler:
    # The sets being tried count as bad ones until told: a batch spreads, and so do several
    # workers.
    return TPESampler(seed=seed, constant_liar=True)


def _nsga2(plan: SearchPlan, seed: int) -> BaseSampler:
    # Optuna's own children swap whole values, and mutants forget their parents: they come
    # upon neighbours of a good set by chance only. Blended and shifted numbers found three
    # times as much of a known front, with fewer sets twice.
    with catch_warnings():
        # They may change in a later release; the tests of known fronts would show it.
        simplefilter("ignore", ExperimentalWarning)
        crossover, mutation = BLXAlphaCrossover(), PolynomialMutation()
    return NSGAIISampler(
        seed=seed,
        population_size=max(plan.batch, _LEAST_PARENTS),
        crossover=crossover,
        mutation=mutation,
    )


_SAMPLERS: Final[Mapping[str, Callable[[SearchPlan, int], BaseSampler]]] = {
    "random": _random,
    "tpe": _tpe,
    "cmaes": _CmaEs,
    "nsga2": _nsga2,
}
