"""Probability that what was best in one half of history is below average in the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice, pairwise
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.bars import Floats
from common.domain.errors import InvalidArgument
from portfolio.metrics.quotient import ROUNDING, quotient
from research.validation.deflation import MIN_TRIALS
from research.validation.exceptions import TooFewTrials
from research.validation.samples import checked

DEFAULT_BLOCKS: Final = 16
# 20 blocks have 184,756 combinations; 22 would have 705,432 and say hardly more.
MAX_BLOCKS: Final = 20
_ROWS_PER_BLOCK: Final = 2
# Numbers in each of the arrays that a chunk of combinations needs, a dozen of 8 MB at a time.
_CHUNK: Final = 1 << 20
# Share of a sum of squares below which a difference of such sums is rounding.
_CANCELLED: Final = 1e-13
# Decimals of a ratio; trials that did the same over a half are equal in it to these.
_DECIMALS: Final = 12


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Overfitting:
    """What became, out of sample, of the trial that was best in sample, for each combination.

    Parameters
    ----------
    chosen : ndarray of intp, shape (n_combinations,)
        Column of the trial with the highest Sharpe ratio in sample, the first of equal ones.
    in_sample, out_of_sample : ndarray of float64, shape (n_combinations,)
        Its Sharpe ratio per period in either half.
    logits : ndarray of float64, shape (n_combinations,)
        ``ln(w / (1 - w))`` of its relative rank w = rank / (n_trials + 1) out of sample;
        positive above the median.
    n_trials
        Number of trials.
    """

    chosen: NDArray[np.intp]
    in_sample: Floats
    out_of_sample: Floats
    logits: Floats
    n_trials: int

    @property
    def pbo(self) -> float:
        """Share of combinations whose choice is at or below the median, in [0, 1]."""
        return float(np.mean(self.logits <= 0.0))

    @property
    def probability_of_loss(self) -> float:
        """Share of combinations whose choice has a negative Sharpe ratio out of sample."""
        return float(np.mean(self.out_of_sample < 0.0))

    @property
    def degradation(self) -> float | None:
        """Slope of the ratios out of sample on those in sample; None where these do not vary.

        Negative: the better it looked, the worse it was.
        """
        deviations = self.in_sample - self.in_sample.mean()
        common = deviations @ (self.out_of_sample - self.out_of_sample.mean())
        floor = len(deviations) * ROUNDING**2
        slope = float(quotient(common, deviations @ deviations, floor=floor))
        return None if np.isnan(slope) else slope


def overfitting(returns: Floats, *, n_blocks: int = DEFAULT_BLOCKS) -> Overfitting:
    """Choose the best trial on each half of the blocks and look at it on the other half.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_periods, n_trials)
        Simple returns of every trial over the same periods, fractions, oldest first.
    n_blocks
        Even number of blocks of consecutive periods, 4 to 20. Every way of taking half of them
        is a combination, 12,870 with 16 blocks.

    Returns
    -------
    Overfitting
        Combinations in the lexicographic order of their blocks in sample.

    Raises
    ------
    InvalidArgument
        If the number of blocks is odd or out of range.
    TooFewTrials
        If there are fewer than two trials.
    TooFewPeriods
        If a block would have fewer than two periods.
    InvalidInput
        If a return is not finite.

    Notes
    -----
    Blocks differ by at most one period, so that no period is dropped. A trial that does not
    vary over a half did not trade in it: its ratio there is 0. Equal ratios, to twelve decimals,
    share the mean of their ranks. A logit of exactly zero, which an odd number of trials can
    have, counts as overfit. Trials worth nothing that differ give a probability near one half;
    one single number is one sample, and spreads widely around it. So do trials that are all
    worth the same, however much: the probability judges the choice among them, not what they
    earn.

    A Sharpe ratio over a set of blocks needs only their sums and sums of squares, so time and
    memory grow with combinations times trials, whatever the number of periods.

    References
    ----------
    D. H. Bailey, J. M. Borwein, M. Lopez de Prado and Q. J. Zhu, "The Probability of Backtest
    Overfitting", *Journal of Computational Finance* 20(4), 2017: the CSCV procedure of section
    2 and the statistics of section 3.

    Examples
    --------
    Blocks whose means are 4, 1, -2 and -3 percent sum to zero, so a trial that wins one half
    loses the other to its mirror image; the lower of two ranks is ln(1/3 / (2/3)):

    >>> first = np.repeat([0.04, 0.01, -0.02, -0.03], 2) + np.tile([0.01, -0.01], 4)
    >>> found = overfitting(np.column_stack([first, -first]), n_blocks=4)
    >>> found.chosen.tolist()
    [0, 0, 0, 1, 1, 1]
    >>> found.logits.round(4).tolist()
    [-0.6931, -0.6931, -0.6931, -0.6931, -0.6931, -0.6931]
    >>> found.pbo, found.probability_of_loss
    (1.0, 1.0)
    """
    _check(returns, n_blocks)
    halves = _Halves.of(returns, n_blocks)
    n_trials = returns.shape[1]
    found = [_judged(*halves.sharpes(masks)) for masks in _masks(n_blocks, n_trials)]
    # A combination and the one of all other blocks swap their halves; the second lies as far
    # from the end of the order as the first from its beginning.
    there = [parts[0] for parts in found]
    back = [parts[1][:, ::-1] for parts in reversed(found)]
    chosen, in_sample, out_of_sample, rank = np.concatenate([*there, *back], axis=1)
    relative = rank / (n_trials + 1)
    return Overfitting(
        chosen=chosen.astype(np.intp),
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        logits=np.log(relative / (1.0 - relative)),
        n_trials=n_trials,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Halves:
    """Number, sum and sum of squares of each block's returns, less the mean of the trial."""

    counts: Floats
    sums: Floats
    squares: Floats
    means: Floats
    floor: Floats

    @classmethod
    def of(cls, returns: Floats, n_blocks: int) -> "_Halves":
        rows = len(returns)
        means = returns.mean(axis=0)
        edges = np.arange(n_blocks + 1) * rows // n_blocks
        sums, squares = np.empty((2, n_blocks, returns.shape[1]))
        for block, (first, last) in enumerate(pairwise(edges)):
            # Around the mean of all, so that squares of large means do not cancel.
            deviations = returns[first:last] - means
            sums[block] = deviations.sum(axis=0)
            squares[block] = (deviations**2).sum(axis=0)
        # What the sums of squares of a half owe to rounding alone.
        floor = rows * ROUNDING**2 + _CANCELLED * squares.sum(axis=0)
        return cls(np.diff(edges).astype(np.float64), sums, squares, means, floor)

    def sharpes(self, masks: Floats) -> tuple[Floats, Floats]:
        """Return the Sharpe ratios of the blocks taken and of the others, per combination."""
        total = self.counts.sum(), self.sums.sum(axis=0), self.squares.sum(axis=0)
        taken = (masks @ self.counts)[:, None], masks @ self.sums, masks @ self.squares
        left = total[0] - taken[0], total[1] - taken[1], total[2] - taken[2]
        return self._sharpe(*taken), self._sharpe(*left)

    def _sharpe(self, count: Floats, total: Floats, squares: Floats) -> Floats:
        mean = total / count
        spread = squares - total * mean
        np.maximum(spread, self.floor, out=spread)
        still = spread <= self.floor
        mean += self.means
        mean /= np.sqrt(spread / (count - 1.0))
        mean[still] = 0.0
        return np.round(mean, _DECIMALS, out=mean)


def _judged(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    return _followed(first, second), _followed(second, first)


def _followed(chosen_on: Floats, seen_on: Floats) -> Floats:
    """Return column, both ratios and rank of each row's best, shape (4, n_combinations)."""
    rows = np.arange(len(chosen_on))
    best = chosen_on.argmax(axis=1)
    own = seen_on[rows, best]
    below = np.count_nonzero(seen_on < own[:, None], axis=1)
    level = np.count_nonzero(seen_on == own[:, None], axis=1)
    return np.stack([best, chosen_on[rows, best], own, below + (level + 1) / 2])


def _masks(n_blocks: int, n_trials: int) -> Iterator[Floats]:
    """Yield 0/1 rows of the first half of all combinations: those that take the first block."""
    half = comb(n_blocks, n_blocks // 2) // 2
    taken = combinations(range(n_blocks), n_blocks // 2)
    size = max(1, min(half, _CHUNK // n_trials))
    for start in range(0, half, size):
        blocks = np.array(list(islice(taken, min(size, half - start))))
        masks = np.zeros((len(blocks), n_blocks))
        np.put_along_axis(masks, blocks, 1.0, axis=1)
        yield masks


def _check(returns: Floats, n_blocks: int) -> None:
    if n_blocks % 2 or not 4 <= n_blocks <= MAX_BLOCKS:
        raise InvalidArgument(f"n_blocks is {n_blocks}, must be even and in [4, {MAX_BLOCKS}]")
    checked(returns, noun="periods", needed=_ROWS_PER_BLOCK * n_blocks, dimensions=2)
    if returns.shape[1] < MIN_TRIALS:
        raise TooFewTrials(
            f"the number of trials is {returns.shape[1]}, at least {MIN_TRIALS} needed",
            found=returns.shape[1],
        )
