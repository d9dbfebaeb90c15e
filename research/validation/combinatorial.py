"""Combinatorial purged cross-validation: many histories, each bar of which is out of sample."""

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument, InvalidInput

# 10 groups of which 5 are tested have 252; each split is a search of its own.
MAX_SPLITS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One way to take groups of bars for the test.

    Parameters
    ----------
    groups
        Numbers of the groups tested, increasing.
    train
        Stretches of bars to choose on, in time order; none touches a purged bar.
    test
        The bars of each of `groups`.
    """

    groups: tuple[int, ...]
    train: tuple[range, ...]
    test: tuple[range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgedSplits:
    """All splits of a history, and how their tests join to whole histories.

    Parameters
    ----------
    groups
        The bars of each group; together they are all bars.
    splits
        In the lexicographic order of their groups.
    paths
        For each path and each group the position of the split whose test of that group belongs
        to the path; each test of each split belongs to exactly one path.
    """

    groups: tuple[range, ...]
    splits: tuple[Split, ...]
    paths: tuple[tuple[int, ...], ...]

    def path_returns(self, tested: list[dict[int, Floats]]) -> Floats:
        """Join what the splits earned on their tests to whole histories.

        Parameters
        ----------
        tested
            For each split a dictionary from the number of a group to the returns of its bars,
            ndarray of float64, shape (n_bars_of_group,).

        Returns
        -------
        ndarray of float64, shape (n_paths, n_bars)

        Raises
        ------
        InvalidInput
            If a test is missing or has another length than its group.
        """
        if len(tested) != len(self.splits):
            raise InvalidInput(f"there are {len(tested)} results of {len(self.splits)} splits")
        for split, results in zip(self.splits, tested, strict=True):
            for group, bars in zip(split.groups, split.test, strict=True):
                shape = results[group].shape if group in results else None
                if shape != (len(bars),):
                    raise InvalidInput(
                        f"returns of split {split.groups} on group {group} have shape {shape},"
                        f" must be ({len(bars)},)"
                    )
        return np.stack([
            np.concatenate([tested[split][group] for group, split in enumerate(path)])
            for path in self.paths
        ])


def purged_splits(
    n_bars: int, *, n_groups: int, n_test: int, purge: int = 0, embargo: int = 0
) -> PurgedSplits:
    """Return every way to test some of the groups and to choose on the others.

    Parameters
    ----------
    n_bars
        Length of history.
    n_groups
        Number of groups of consecutive bars, N; their lengths differ by at most one.
    n_test
        Number of groups tested at a time, k, with 1 <= k < N.
    purge
        Longest holding time in bars: this many bars before and after every tested group are
        left out of the train, as trades of one side end in the other.
    embargo
        Bars left out after those, because they still resemble the test.

    Returns
    -------
    PurgedSplits
        C(N, k) splits; every group is tested in C(N - 1, k - 1) of them, which is the number
        of paths.

    Raises
    ------
    InvalidArgument
        If a number is out of range, there would be more than 1,000 splits, or purge and
        embargo leave a split nothing to choose on.

    References
    ----------
    M. Lopez de Prado, *Advances in Financial Machine Learning*, Wiley, 2018: purging and
    embargo in section 7.4, combinatorial purged cross-validation in section 12.4.

    Examples
    --------
    Four groups of two bars, two at a time: C(4, 2) = 6 splits and C(3, 1) = 3 paths.

    >>> found = purged_splits(8, n_groups=4, n_test=2, purge=1)
    >>> len(found.splits), len(found.paths)
    (6, 3)
    >>> found.splits[1].groups, found.splits[1].train
    ((0, 2), (range(7, 8),))
    """
    _check(n_bars, n_groups, n_test)
    for name, value in (("purge", purge), ("embargo", embargo)):
        if value < 0:
            raise InvalidArgument(f"{name} is {value}, must be at least 0")
    edges = [group * n_bars // n_groups for group in range(n_groups + 1)]
    groups = tuple(range(first, last) for first, last in pairwise(edges))
    splits = tuple(
        Split(
            groups=taken,
            train=_train(n_bars, [groups[g] for g in taken], before=purge, after=purge + embargo),
            test=tuple(groups[group] for group in taken),
        )
        for taken in combinations(range(n_groups), n_test)
    )
    empty = next((split for split in splits if not split.train), None)
    if empty is not None:
        raise InvalidArgument(
            f"a purge of {purge} and an embargo of {embargo} bars leave nothing to choose on"
            f" beside the groups {empty.groups}"
        )
    tested = [
        [position for position, split in enumerate(splits) if group in split.groups]
        for group in range(n_groups)
    ]
    return PurgedSplits(groups=groups, splits=splits, paths=tuple(zip(*tested, strict=True)))


def _train(n_bars: int, tested: list[range], *, before: int, after: int) -> tuple[range, ...]:
    kept = np.ones(n_bars, np.bool_)
    for bars in tested:
        kept[max(bars.start - before, 0) : bars.stop + after] = False
    edges = np.flatnonzero(np.diff(kept, prepend=False, append=False))
    return tuple(
        range(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)
    )


def _check(n_bars: int, n_groups: int, n_test: int) -> None:
    if not 2 <= n_groups <= n_bars:
        raise InvalidArgument(f"n_groups is {n_groups}, must be in [2, {n_bars}]")
    if not 1 <= n_test < n_groups:
        raise InvalidArgument(f"n_test is {n_test}, must be in [1, {n_groups - 1}]")
    if comb(n_groups, n_test) > MAX_SPLITS:
        raise InvalidArgument(
            f"{n_groups} groups of which {n_test} are tested make {comb(n_groups, n_test)}"
            f" splits, at most {MAX_SPLITS} are allowed"
        )
