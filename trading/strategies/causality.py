"""Proof by trying: no target knows a later bar, and none needs more history than declared."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, override

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidInput
from common.domain.time import format_utc
from trading.strategies.base import Strategy
from trading.strategies.enter_exit import Flags
from trading.strategies.parameters import Params

# What a longer history may still move once the declared warm-up has passed: recursive
# averages forget exponentially, never entirely.
HISTORY_TOLERANCE: Final = 1e-6


class InvalidTargets(InvalidInput):
    """Targets that are no wanted exposure."""

    code = "invalid_targets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """The first bar whose target depends on what it must not depend on.

    Parameters
    ----------
    row, open_ns
        Position of the bar among those given, and its open time.
    whole
        Its target when the strategy sees all bars.
    part
        Its target when the strategy sees the bars in `[first, last)` alone.
    first, last
        The bars that were kept.
    """

    row: int
    open_ns: int
    whole: float
    part: float
    first: int
    last: int

    @override
    def __str__(self) -> str:
        return (
            f"the target at {format_utc(self.open_ns)} (bar {self.row}) is {self.whole} with"
            f" all bars, {self.part} with bars {self.first} to {self.last - 1}"
        )


def checked_targets(strategy: Strategy, bars: Bars, params: Params) -> Floats:
    """Return the strategy's targets, which obey the contract.

    Raises
    ------
    InvalidTargets
        If they are of another shape or type, outside [-1, 1], or negative although the
        strategy says that it is never short; NaN keeps the position and is allowed.
    """
    targets = strategy.targets(bars, params)
    if targets.dtype != np.float64 or targets.shape != (len(bars),):
        raise InvalidTargets(
            f"targets of {strategy.key} have type {targets.dtype} and shape {targets.shape},"
            f" must be float64 and ({len(bars)},)"
        )
    low = -1.0 if strategy.can_short(params) else 0.0
    wrong = (targets < low) | (targets > 1.0)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidTargets(
            f"the target of {strategy.key} at {format_utc(bars.open_ns[row])} (bar {row}) is"
            f" {targets[row]}, must be in [{low:g}, 1] or NaN",
            row=row,
        )
    return targets


def first_lookahead(
    strategy: Strategy, bars: Bars, params: Params, *, cuts: Iterable[int]
) -> Disagreement | None:
    """Return the earliest target that changes when later bars are taken away, or None.

    Parameters
    ----------
    strategy, params
        What is tried.
    bars
        The market it is tried on.
    cuts
        How many bars to keep, each tried in turn, in [0, n_bars]; see `decisive_cuts`.

    Notes
    -----
    The whole of what is left is compared, to the bit: a sum over all of history moves
    every earlier target, a peek at the next bar only the last one.

    Raises
    ------
    InvalidTargets
        If the targets break the contract, with all bars or with fewer.
    """
    whole = checked_targets(strategy, bars, params)
    found: Disagreement | None = None
    for cut in cuts:
        part = checked_targets(strategy, bars.rows(0, cut), params)
        differs = np.flatnonzero(~_same(whole[:cut], part))
        if differs.size and (found is None or differs[0] < found.row):
            found = _disagreement(bars, int(differs[0]), (whole, part), kept=(0, cut))
    return found


def decisive_cuts(targets: Floats, count: int, rng: np.random.Generator) -> list[int]:
    """Return where to cut so that a look-ahead shows: at changes, early, and anywhere.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_bars,)
        Targets over all bars.
    count
        How many random cuts, and at most how many changes to cut at; at each change the
        bars are cut just before and just after the bar that brings it.
    rng
        Chooses both.

    Returns
    -------
    list of int
        Numbers of bars to keep, increasing, without repeats.

    Notes
    -----
    A strategy that peeks one bar ahead and seldom acts gives the same targets at nearly
    every random cut; at the bar where it acts on what it saw it cannot. One that fills
    its first values backwards shows it only while they are missing: 1, 2, 4, 8 and so
    on bars are always among the cuts.
    """
    if not len(targets):
        return []
    early = [1 << power for power in range(len(targets).bit_length())]
    changes = np.flatnonzero(~_same(targets[1:], targets[:-1])) + 1
    if len(changes) > count:
        changes = rng.choice(changes, count, replace=False)
    anywhere = rng.integers(1, len(targets) + 1, count)
    chosen = [changes, changes + 1, anywhere, np.array(early)]
    return [int(cut) for cut in np.unique(np.concatenate(chosen))]


def first_history_dependence(
    strategy: Strategy, bars: Bars, params: Params, *, starts: Iterable[int]
) -> Disagreement | None:
    """Return a target that history before the declared warm-up still changes, or None.

    Parameters
    ----------
    strategy, params
        What is tried.
    bars
        The market it is tried on.
    starts
        Positions at which a period would begin; those with too few bars before them for
        the warm-up prove nothing and are passed over.

    Notes
    -----
    From each start on, the targets after the declared warm-up are compared with those
    after all bars. Both must be NaN on the same bars. Values must agree to 1e-6, which is
    what a recursive average may still owe to a longer past.

    A `stateful` strategy holds 1 or 0 since its last event, which may lie before any
    warm-up; the two may differ over it until either of them changes. That change is an
    event, and every target from there on must agree.

    Raises
    ------
    InvalidTargets
        If the targets break the contract.
    """
    whole = checked_targets(strategy, bars, params)
    for start in starts:
        first = start - strategy.warm_up(params)
        if first < 0:
            continue
        part = checked_targets(strategy, bars.rows(first, len(bars)), params)[start - first :]
        row = _first_dependent(whole[start:], part, stateful=strategy.stateful)
        if row is not None:
            aligned = np.concatenate([whole[:start], part])
            return _disagreement(bars, start + row, (whole, aligned), kept=(first, len(bars)))
    return None


def _first_dependent(whole: Floats, part: Floats, *, stateful: bool) -> int | None:
    wrong = np.isnan(whole) != np.isnan(part)
    differs = np.abs(whole - part) > HISTORY_TOLERANCE
    if stateful:
        changes = ~_same(whole[1:], whole[:-1]) | ~_same(part[1:], part[:-1])
        event = int(np.argmax(changes)) + 1 if changes.any() else len(whole)
        differs[:event] = False
    wrong |= differs
    return int(np.argmax(wrong)) if wrong.any() else None


def _same(a: Floats, b: Floats) -> Flags:
    same: Flags = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _disagreement(
    bars: Bars, row: int, targets: tuple[Floats, Floats], *, kept: tuple[int, int]
) -> Disagreement:
    whole, part = targets
    return Disagreement(
        row=row,
        open_ns=int(bars.open_ns[row]),
        whole=float(whole[row]),
        part=float(part[row]),
        first=kept[0],
        last=kept[1],
    )
