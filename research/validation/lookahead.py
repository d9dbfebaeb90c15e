"""Whether a strategy knows the future, or needs more of the past than it says."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, override

import numpy as np

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidInput
from research.validation.exceptions import NotComputable
from trading.strategies.base import Strategy
from trading.strategies.causality import (
    Disagreement,
    checked_targets,
    decisive_cuts,
    first_history_dependence,
    first_lookahead,
)
from trading.strategies.parameters import Params

type Columns = Mapping[str, Floats]

DEFAULT_CUTS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDisagreement:
    """The first value of a column that changes when later bars are taken away.

    Parameters
    ----------
    column
        Name of the column.
    row
        Position of the bar.
    whole, part
        Its value when all bars are there, and when only the first `last` are; both NaN where
        the column is missing from the part.
    last
        How many bars were kept.
    """

    column: str
    row: int
    whole: float
    part: float
    last: int

    @override
    def __str__(self) -> str:
        return (
            f"column {self.column} at bar {self.row} is {self.whole} with all bars,"
            f" {self.part} with bars 0 to {self.last - 1}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAhead:
    """What a look-ahead test found.

    Parameters
    ----------
    n_cuts
        At how many places the bars were cut.
    n_changes
        How often the targets changed: a leak in a signal that never came cannot show.
    targets
        The earliest target that depends on a later bar, or None.
    columns
        For each indicator column that depends on a later bar its first such value.
    """

    n_cuts: int
    n_changes: int
    targets: Disagreement | None
    columns: tuple[ColumnDisagreement, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether neither a target nor a column depends on a later bar."""
        return self.targets is None and not self.columns


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """What a warm-up test found.

    Parameters
    ----------
    n_starts
        From how many places the strategy was begun.
    targets
        A target after the declared warm-up that an older bar changes, or None.
    """

    n_starts: int
    targets: Disagreement | None

    @property
    def passed(self) -> bool:
        """Whether no bar before the declared warm-up changes a target."""
        return self.targets is None


def look_ahead_test(
    strategy: Strategy,
    bars: Bars,
    params: Params,
    *,
    rng: np.random.Generator,
    n_cuts: int = DEFAULT_CUTS,
    indicators: Callable[[Bars], Columns] | None = None,
) -> LookAhead:
    """Take later bars away, where it tells most and anywhere, and see what changes before.

    Parameters
    ----------
    strategy, params
        What is tried; a full set, as `admit` returns it.
    bars
        The market it is tried on.
    rng
        Chooses the cuts.
    n_cuts
        Number of random cuts, and at most as many changes of the target to cut at.
    indicators
        Columns from which the strategy decides, by name, each of shape (n_bars,), compared to
        the bit like the targets; None if it has none to show.

    Raises
    ------
    NotComputable
        If the strategy never wants a position on these bars: nothing can be concluded.
    InvalidTargets
        If the targets break the contract.
    InvalidInput
        If a column has another shape than its bars.

    Notes
    -----
    Cuts at which a signal changes show a leak of one bar that random ones would miss; see
    `decisive_cuts`. A strategy that reads the future from elsewhere than its bars (a file, a
    global) is not found: no cut takes that away.
    """
    whole = checked_targets(strategy, bars, params)
    if not np.nan_to_num(whole).any():
        raise NotComputable(
            f"{strategy.key} wants no position on any of the {len(bars)} bars:"
            " a leak in its signals could not show"
        )
    cuts = decisive_cuts(whole, n_cuts, rng)
    said = whole[~np.isnan(whole)]
    return LookAhead(
        n_cuts=len(cuts),
        n_changes=int(np.count_nonzero(np.diff(said))),
        targets=first_lookahead(strategy, bars, params, cuts=cuts),
        columns=column_lookahead(indicators, bars, cuts=cuts) if indicators else (),
    )


def column_lookahead(
    indicators: Callable[[Bars], Columns], bars: Bars, *, cuts: Iterable[int]
) -> tuple[ColumnDisagreement, ...]:
    """Return for each column that depends on later bars the earliest value that does.

    Parameters
    ----------
    indicators
        Function of bars to columns of shape (n_bars,), by name.
    bars
        The market they are computed on.
    cuts
        How many bars to keep, each tried in turn, in [1, n_bars].

    Returns
    -------
    tuple of ColumnDisagreement
        In the order of the columns.

    Raises
    ------
    InvalidInput
        If a column has another shape than its bars.
    """
    whole = _columns(indicators, bars)
    found: dict[str, ColumnDisagreement] = {}
    for cut in cuts:
        part = _columns(indicators, bars.rows(0, cut))
        for name, values in whole.items():
            differing = _first_difference(name, values[:cut], part.get(name))
            earliest = found.get(name)
            if differing and (earliest is None or differing.row < earliest.row):
                found[name] = differing
    return tuple(found[name] for name in whole if name in found)


def warm_up_test(
    strategy: Strategy,
    bars: Bars,
    params: Params,
    *,
    rng: np.random.Generator,
    n_starts: int = DEFAULT_CUTS,
) -> WarmUp:
    """Begin anywhere with the declared warm-up alone and compare with all of history.

    Parameters
    ----------
    strategy, params
        What is tried.
    bars
        The market it is tried on, longer than the warm-up by two bars or more.
    rng
        Chooses where to begin.
    n_starts
        How many places, drawn with repeats.

    Raises
    ------
    NotComputable
        If there are not enough bars for one start that leaves an older bar out.
    InvalidTargets
        If the targets break the contract.
    """
    # From this start on there is at least one bar before the warm-up that could matter.
    earliest = strategy.warm_up(params) + 1
    if earliest >= len(bars):
        raise NotComputable(
            f"the warm-up of {strategy.key} is {earliest - 1} bars, there are {len(bars)}:"
            f" at least {earliest + 1} needed"
        )
    starts = np.unique(rng.integers(earliest, len(bars), n_starts)).tolist()
    return WarmUp(
        n_starts=len(starts),
        targets=first_history_dependence(strategy, bars, params, starts=starts),
    )


def _columns(indicators: Callable[[Bars], Columns], bars: Bars) -> Columns:
    columns = indicators(bars)
    for name, values in columns.items():
        if values.shape != (len(bars),):
            raise InvalidInput(
                f"column {name} has shape {values.shape}, must be ({len(bars)},)", column=name
            )
    return columns


def _first_difference(name: str, whole: Floats, part: Floats | None) -> ColumnDisagreement | None:
    if part is None:
        nan = float("nan")
        return ColumnDisagreement(column=name, row=0, whole=nan, part=nan, last=len(whole))
    differs = ~((whole == part) | (np.isnan(whole) & np.isnan(part)))
    if not differs.any():
        return None
    row = int(np.argmax(differs))
    return ColumnDisagreement(
        column=name, row=row, whole=float(whole[row]), part=float(part[row]), last=len(whole)
    )
